package shelfcast.connect;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a connector's configuration may say. `config/validate` connects to the database that is named, with the password
 * that the worker knows; so the hosts are those of a list, and a secret is a password's whole value or not there. Texts
 * that readers could take apart in different ways are refused, not guessed at.
 */
final class ConfigRules {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{env:([A-Za-z0-9_]+)\\}");
  /** What Connect would resolve: with a path, or of another provider. */
  private static final Pattern OTHER_PLACEHOLDER = Pattern.compile("\\$\\{[^}]*:");
  private static final Pattern CONNECTORS =
      Pattern.compile("(shelfcast\\.connect|io\\.debezium\\.connector\\.postgresql)\\.[A-Za-z]+");
  private static final Pattern HOST = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:\\d{1,5})?");
  /** What stands between a scheme and the path: no user, since where one ends is read in several ways. */
  private static final Pattern AUTHORITY = Pattern.compile("://([^/?#]*)");
  private static final Pattern NAMES_HOSTS =
      Pattern.compile("(?i)(^|[._-])(host|hosts|hostname|hostnames|servers|pghost)$");
  private static final Pattern IS_PASSWORD = Pattern.compile("(?i)(^|[._-])password$");
  private static final Pattern IS_SECRET = Pattern.compile("(?i)password|secret|token|credential");
  /** Options of the JDBC driver that load classes or name a file of hosts, and the channel that empties a file of signals. */
  private static final Pattern DANGEROUS = Pattern.compile(
      "(?i)^(database|driver)\\..*(factory|factoryarg|plugin.*|verifier|service|classname|callback)$|^signal\\.file$");
  /** Parts of the JDBC URL, where other characters would begin another host or option. */
  private static final Pattern OF_JDBC_URL = Pattern.compile("(?i)(database|driver)\\.(dbname|port|pgport|pgdbname)");
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
      if (problem == null && DANGEROUS.matcher(name).find()) {
        problem = name + " is not taken: it loads code, names hosts or empties a file";
      }
      if (problem == null && name.equals("connector.class") && !CONNECTORS.matcher(given).matches()) {
        problem = "connector.class is not taken: this worker runs Shelfcast's and Debezium's Postgres connector only";
      }
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
    if (OTHER_PLACEHOLDER.matcher(PLACEHOLDER.matcher(given).replaceAll("")).find()) {
      return name + " may not hold another placeholder than ${env:NAME}";
    }
    return null;
  }

  private String foreignHostIn(String name, String value) {
    if (OF_JDBC_URL.matcher(name).matches() && !PLAIN.matcher(value).matches()) {
      return name + " may hold letters, digits and _ $ . - only";
    }
    if (NAMES_HOSTS.matcher(name).find()) {
      for (String one : value.split(",", -1)) {
        if (!one.isBlank() && !isAllowed(one.trim())) return notAllowed(name, one);
      }
    }
    Matcher found = AUTHORITY.matcher(value);
    while (found.find()) {
      if (!isAllowed(found.group(1))) return notAllowed(name, found.group(1));
    }
    return null;
  }

  private static String notAllowed(String name, String authority) {
    return name + " names the host " + authority + ", which is not allowed: CONNECTOR_HOSTS of the worker lists what is";
  }

  private boolean isAllowed(String authority) {
    Matcher found = HOST.matcher(authority);
    return found.matches() && hosts.contains(found.group(1).toLowerCase(Locale.ROOT));
  }

  private String resolved(String given) {
    return PLACEHOLDER.matcher(given).replaceAll(found ->
        Matcher.quoteReplacement(env.getOrDefault(found.group(1), "")));
  }

  /** The host of a URL; empty where there is none. */
  static String hostOfUrl(String url) {
    Matcher authority = AUTHORITY.matcher(url);
    if (!authority.find()) return "";
    Matcher host = HOST.matcher(authority.group(1));
    return host.matches() ? host.group(1).toLowerCase(Locale.ROOT) : "";
  }
}
