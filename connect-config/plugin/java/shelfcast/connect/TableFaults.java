package shelfcast.connect;

import io.debezium.DebeziumException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.connect.errors.DataException;

/** Failures in words that name their table: the monitor takes that table out, so that the others go on. */
final class TableFaults {

    private static final Pattern SNAPSHOT = Pattern.compile("Snapshotting of table \\S+ failed");

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

    /** Whether a table cannot be read, and will not be when it is tried again. Debezium tries again whatever Postgres says. */
    static boolean isLasting(Throwable failure) {
        boolean isOfTable = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Matcher named = SNAPSHOT.matcher(String.valueOf(cause.getMessage()));
            isOfTable = isOfTable || named.find();
            if (isOfTable && cause instanceof SQLException sql && sql.getSQLState() != null) {
                return LASTING.matcher(sql.getSQLState()).matches();
            }
        }
        return false;
    }
}
