package shelfcast.connect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Lets through what has the password and is no page's, and configurations that name nothing they should not. */
@PreMatching
final class RequestGuard implements ContainerRequestFilter {
  /** What workers tell each other: signed with the group's session key, which Connect checks itself. */
  private static final Pattern BETWEEN_WORKERS = Pattern.compile("connectors/[^/]+/(tasks|fence)/?");
  private static final Pattern CONFIGURES =
      Pattern.compile("connectors/?|connectors/[^/]+/config/?|connector-plugins/[^/]+/config/validate/?");
  /** Which route a path of such leads to is not said by the path as it reads: a name never needs them. */
  private static final Pattern AMBIGUOUS = Pattern.compile("(?i);|//|\\\\|%(2f|5c|3b|25|2e|00)");
  private static final int MAX_CONFIG_BYTES = 1 << 20;

  private final byte[] credentials;
  private final Set<String> hosts;
  private final ConfigRules rules;
  private final ObjectMapper json = new ObjectMapper();

  RequestGuard(String user, String password, Set<String> hosts, ConfigRules rules) {
    this.credentials = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    this.hosts = hosts;
    this.rules = rules;
  }

  @Override
  public void filter(ContainerRequestContext request) throws IOException {
    String host = request.getHeaderString("Host");
    if (host == null || !hosts.contains(host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT))) {
      refuse(request, 421, "This worker is not asked by that name");
      return;
    }
    if (request.getHeaderString("Origin") != null) {
      refuse(request, 403, "No page may ask");
      return;
    }
    if (AMBIGUOUS.matcher(request.getUriInfo().getRequestUri().getRawPath()).find()) {
      refuse(request, 400, "The path can be read in several ways");
      return;
    }
    String path = request.getUriInfo().getPath().replaceFirst("^/", "");
    String method = request.getMethod();
    if (path.equals("health") && method.equals("GET")) return;
    boolean isWorkers = method.equals("POST") || method.equals("PUT");
    if (isWorkers && BETWEEN_WORKERS.matcher(path).matches()) return;
    if (!isKnown(request.getHeaderString("Authorization"))) {
      refuse(request, 401, "The worker's password is needed");
      return;
    }
    if (!method.equals("GET") && CONFIGURES.matcher(path).matches()) checkConfig(request);
  }

  private boolean isKnown(String authorization) {
    if (authorization == null || !authorization.regionMatches(true, 0, "Basic ", 0, 6)) return false;
    try {
      return MessageDigest.isEqual(credentials, Base64.getDecoder().decode(authorization.substring(6).trim()));
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
  }

  private void checkConfig(ContainerRequestContext request) throws IOException {
    byte[] body = request.getEntityStream().readNBytes(MAX_CONFIG_BYTES + 1);
    if (body.length > MAX_CONFIG_BYTES) {
      refuse(request, 413, "The configuration is too large");
      return;
    }
    if (body.length == 0) {
      request.setEntityStream(new ByteArrayInputStream(body));
      return;
    }
    JsonNode given;
    try {
      given = json.readTree(body);
    } catch (IOException malformed) {
      refuse(request, 400, "The body is not JSON");
      return;
    }
    // What was looked at is what Connect reads, in whatever way the body said it.
    request.setEntityStream(new ByteArrayInputStream(json.writeValueAsBytes(given)));
    JsonNode config = given.has("config") && given.get("config").isObject() ? given.get("config") : given;
    Map<String, String> entries = new LinkedHashMap<>();
    config.fields().forEachRemaining(entry -> entries.put(entry.getKey(), entry.getValue().asText()));
    String problem = rules.problemOf(entries);
    if (problem != null) refuse(request, 403, problem);
  }

  private void refuse(ContainerRequestContext request, int status, String message) throws IOException {
    byte[] body = json.writeValueAsBytes(Map.of("error_code", status, "message", message));
    Response.ResponseBuilder answer = Response.status(status).type(MediaType.APPLICATION_JSON).entity(body);
    if (status == 401) answer.header("WWW-Authenticate", "Basic realm=\"Kafka Connect\"");
    request.abortWith(answer.build());
  }
}
