package shelfcast.connect;

import io.debezium.DebeziumException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.apache.kafka.connect.errors.DataException;

/** Failures in words that name their table: the monitor takes that table out, so that the others go on. */
final class TableFaults {

    /** A table that is read, or a change that Postgres decodes: a row filter of the publication may throw. */
    private static final Pattern READING = Pattern.compile("Snapshotting of table \\S+ failed|output plugin \\S+, in the \\S+ callback");

    /** Classes of SQLSTATE that another try does not change: wrong data, no right or no such column, not supported, corrupt. */
    private static final Pattern LASTING = Pattern.compile("(22|42|0A|XX).*");

    private TableFaults() {
    }

    static DataException ofTopic(String topic, String reason, RuntimeException cause) {
        return new DataException("Records of topic " + topic + " cannot be carried: " + reason, cause);
    }

    /** Unless what failed beside the change is the database or the network, whose matter it is then. */
    static RuntimeException ofChange(String table, RuntimeException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException || cause instanceof IOException || cause instanceof InterruptedException) {
                return failure;
            }
        }
        return new DebeziumException("A change of table '" + table.replace("\"", "") + "' cannot be carried: " + failure.getMessage(), failure);
    }

    /** Whether Postgres cannot read or decode a table, and will not when it is tried again. Debezium tries again whatever it says. */
    static boolean isLasting(Throwable failure) {
        boolean isOfReading = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            isOfReading = isOfReading || READING.matcher(String.valueOf(cause.getMessage())).find();
            if (isOfReading && cause instanceof SQLException sql && sql.getSQLState() != null) {
                return LASTING.matcher(sql.getSQLState()).matches();
            }
        }
        return false;
    }
}
