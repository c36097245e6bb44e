package shelfcast.connect;

import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a connector's configuration may say. `config/validate` connects to the database that is named, with the password
 * that the worker knows; so the hosts are those of a list, and a secret is a password's whole value or not there.
 */
final class ConfigRules {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{env:([^}]*)\\}");
  private static final Pattern AUTHORITY = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://([^/\\s?#,;\"']*)");
  private static final Pattern NAMES_HOSTS = Pattern.compile("(?i)(^|[._-])(host|hosts|hostname|hostnames|servers)$");
  private static final Pattern IS_PASSWORD = Pattern.compile("(?i)(^|[._-])password$");
  private static final Pattern IS_SECRET = Pattern.compile("(?i)password|secret|token");
  /** Options of the JDBC driver that load classes, or name a file of hosts. */
  private static final Pattern LOADS = Pattern.compile("(?i)^(database|driver)\\..*(factory|factoryarg|plugin.*|verifier|service|classname|callback)$");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_$.-]*");

  private final Set<String> hosts;
  private final Map<String, String> env;

  ConfigRules(Set<String> hosts, Map<String, String> env) {
    this.hosts = hosts;
    this.env = env;
  }

  /** What is wrong with it, in a sentence; null when nothing is. */
  String problemOf(Map<String, String> config) {
    for (Map.Entry<String, String> entry : config.entrySet()) {
      String name = entry.getKey();
      String given = entry.getValue();
      String problem = secretIn(name, given);
      if (problem == null && LOADS.matcher(name).find()) problem = name + " is not taken: it loads code, or names hosts";
      if (problem == null) problem = foreignHostIn(name, resolved(given));
      if (problem != null) return problem;
    }
    return null;
  }

  private String secretIn(String name, String given) {
    Matcher found = PLACEHOLDER.matcher(given);
    while (found.find()) {
      if (!IS_SECRET.matcher(found.group(1)).find()) continue;
      if (IS_PASSWORD.matcher(name).find() && found.group().equals(given)) continue;
      return name + " may not hold " + found.group() + ": a secret is the whole value of a password";
    }
    return null;
  }

  private String foreignHostIn(String name, String value) {
    // They become parts of a JDBC URL, where these characters would begin another host or option.
    if (name.matches("(?i)database\\.(dbname|port)") && !PLAIN.matcher(value).matches()) {
      return name + " may hold letters, digits and _ $ . - only";
    }
    Set<String> named = hostsOfUrls(value);
    if (NAMES_HOSTS.matcher(name).find()) {
      for (String one : value.split("[,;\\s]+")) if (!one.isBlank()) named.add(hostOf(one));
    }
    for (String host : named) {
      if (!hosts.contains(host)) {
        return name + " names the host " + host + ", which is not allowed: CONNECTOR_HOSTS of the worker lists what is";
      }
    }
    return null;
  }

  private String resolved(String given) {
    return PLACEHOLDER.matcher(given).replaceAll(found ->
        Matcher.quoteReplacement(env.getOrDefault(found.group(1), "")));
  }

  static Set<String> hostsOfUrls(String text) {
    Set<String> hosts = new HashSet<>();
    Matcher found = AUTHORITY.matcher(text);
    while (found.find()) hosts.add(hostOf(found.group(1)));
    return hosts;
  }

  private static String hostOf(String authority) {
    String host = authority.substring(authority.lastIndexOf('@') + 1);
    String withoutScheme = host.substring(host.indexOf("://") < 0 ? 0 : host.indexOf("://") + 3);
    return withoutScheme.replaceFirst(":\\d*$", "").toLowerCase(Locale.ROOT);
  }
}
