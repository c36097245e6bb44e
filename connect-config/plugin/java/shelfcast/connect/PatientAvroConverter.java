package shelfcast.connect;

import io.apicurio.registry.rest.client.exception.RateLimitedClientException;
import io.apicurio.registry.rest.client.exception.RestClientException;
import io.apicurio.registry.utils.converter.AvroConverter;
import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.RetriableException;

/**
 * The registry's Avro converter, for which a registry in trouble is something to wait for.
 *
 * <p>Apicurio's converter (2.6) lets the exceptions of its HTTP client through, and Connect takes everything but a
 * RetriableException for a fault of the record: one schema that is not in the cache yet while the registry is down,
 * or has just lost its database, and the task stays FAILED until a person restarts it. Connect tries again what is
 * retriable for as long as {@code errors.retry.timeout} says.
 */
public final class PatientAvroConverter<T> extends AvroConverter<T> {

    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int INTERNAL_SERVER_ERROR = 500;

    /** The converter's setting with the largest record that the producer takes, in bytes. */
    private static final String MAX_RECORD_BYTES = "shelfcast.max.record.bytes";

    /** What a record has beside its value: key, headers, and the batch that holds it. */
    private static final int BESIDE_THE_VALUE = 512;

    private int longestBytes = Integer.MAX_VALUE;

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        super.configure(configs, isKey);
        Object limit = configs.get(MAX_RECORD_BYTES);
        if (limit != null) {
            longestBytes = Integer.parseInt(limit.toString()) - BESIDE_THE_VALUE;
        }
    }

    @Override
    public byte[] fromConnectData(String topic, Schema schema, Object value) {
        return patiently(topic, () -> super.fromConnectData(topic, schema, value));
    }

    @Override
    public byte[] fromConnectData(String topic, Headers headers, Schema schema, Object value) {
        return patiently(topic, () -> super.fromConnectData(topic, headers, schema, value));
    }

    private byte[] patiently(String topic, Supplier<byte[]> conversion) {
        byte[] bytes;
        try {
            bytes = conversion.get();
        } catch (RuntimeException e) {
            if (isTroubleOfTheRegistry(e)) {
                throw new RetriableException("The schema registry cannot answer now: " + e.getMessage(), e);
            }
            if (isRefusalOfThisWorker(e)) {
                throw e;
            }
            throw TableFaults.ofTopic(topic, e.getMessage(), e);
        }
        if (bytes != null && bytes.length > longestBytes) {
            // The producer refuses it, too, and names no topic.
            throw TableFaults.ofTopic(topic, "one of " + bytes.length
                    + " bytes is larger than the maximum request size", null);
        }
        return bytes;
    }

    /** It does not say anything about a record whether the worker may ask the registry. */
    private static boolean isRefusalOfThisWorker(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException failure && failure.getError() != null) {
                Integer code = failure.getError().getErrorCode();
                return code != null && (code == UNAUTHORIZED || code == FORBIDDEN || code == NOT_FOUND);
            }
        }
        return false;
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
