package shelfcast.connect;

import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.rest.ConnectRestExtension;
import org.apache.kafka.connect.rest.ConnectRestExtensionContext;

/**
 * Who may use the worker's REST API, and what a connector's configuration may name (Connect has neither by itself):
 * a password, which no page has; no request of a page, even with the browser's credentials; a Host that is one of the
 * worker's, so that no name elsewhere can be led here; and configurations that name no other hosts than those below, and
 * hand no secret to anything but a password.
 *
 * Environment: WORKER_PASSWORD (required; the user is `shelfcast`), CONNECTOR_HOSTS (hosts, separated by commas,
 * beside those of CDC_DATABASE_HOSTNAME and CDC_SCHEMA_REGISTRY_URL), WORKER_HOSTS (names of this worker beside
 * loopback and rest.advertised.host.name).
 */
public final class GuardedRest implements ConnectRestExtension {
  private RequestGuard guard;

  @Override
  public void configure(Map<String, ?> worker) {
    Map<String, String> env = System.getenv();
    String password = env.getOrDefault("WORKER_PASSWORD", "");
    if (password.length() < 16) {
      throw new ConfigException("WORKER_PASSWORD must be set, to at least 16 characters");
    }
    Set<String> own = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
    Object advertised = worker.get("rest.advertised.host.name");
    if (advertised != null) own.add(advertised.toString().toLowerCase(Locale.ROOT));
    own.addAll(names(env.get("WORKER_HOSTS")));

    Set<String> allowed = new HashSet<>(names(env.get("CONNECTOR_HOSTS")));
    allowed.addAll(names(env.get("CDC_DATABASE_HOSTNAME")));
    allowed.add(ConfigRules.hostOfUrl(env.getOrDefault("CDC_SCHEMA_REGISTRY_URL", "")));
    guard = new RequestGuard("shelfcast", password, own, new ConfigRules(allowed, env));
  }

  @Override
  public void register(ConnectRestExtensionContext context) {
    context.configurable().register(guard, 100);
  }

  @Override
  public void close() {}

  @Override
  public String version() {
    return "1";
  }

  private static Set<String> names(String list) {
    Set<String> names = new HashSet<>();
    if (list == null) return names;
    for (String name : list.split(",")) {
      if (!name.isBlank()) names.add(name.trim().toLowerCase(Locale.ROOT));
    }
    return names;
  }
}
