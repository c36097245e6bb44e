package shelfcast.connect;

import io.apicurio.registry.rest.client.exception.RateLimitedClientException;
import io.apicurio.registry.rest.client.exception.RestClientException;
import io.apicurio.registry.utils.converter.AvroConverter;
import java.io.IOException;
import java.util.function.Supplier;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.RetriableException;

/**
 * The registry's Avro converter, for which a registry in trouble is something to wait for.
 *
 * <p>Apicurio's converter (2.6) lets the exceptions of its HTTP client through, and Connect takes everything but a
 * RetriableException for a fault of the record: one schema that is not in the cache yet while the registry is down,
 * or has just lost its database, and the task stays FAILED until somebody restarts it. Connect tries again what is
 * retriable for as long as {@code errors.retry.timeout} says.
 */
public final class PatientAvroConverter<T> extends AvroConverter<T> {

    private static final int INTERNAL_SERVER_ERROR = 500;

    @Override
    public byte[] fromConnectData(String topic, Schema schema, Object value) {
        return patiently(() -> super.fromConnectData(topic, schema, value));
    }

    @Override
    public byte[] fromConnectData(String topic, Headers headers, Schema schema, Object value) {
        return patiently(() -> super.fromConnectData(topic, headers, schema, value));
    }

    private static byte[] patiently(Supplier<byte[]> conversion) {
        try {
            return conversion.get();
        } catch (RuntimeException e) {
            if (isTroubleOfTheRegistry(e)) {
                throw new RetriableException("The schema registry cannot answer now: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    /** Down, overloaded or failing inside; what it refuses for a reason (a schema, credentials) it will refuse again. */
    private static boolean isTroubleOfTheRegistry(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException || cause instanceof RateLimitedClientException) {
                return true;
            }
            if (cause instanceof RestClientException failure) {
                // Without a code the answer was none of the registry's: no connection, or a proxy's page.
                Integer code = failure.getError() == null ? null : failure.getError().getErrorCode();
                return code == null || code == 0 || code >= INTERNAL_SERVER_ERROR;
            }
        }
        return false;
    }
}
