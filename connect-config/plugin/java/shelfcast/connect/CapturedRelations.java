package shelfcast.connect;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import io.debezium.relational.RelationalTableFilters;
import io.debezium.relational.TableId;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import shelfcast.connect.snapshot.TableNames;

/**
 * The stream of changes, in which the form of a table that is not captured stops nothing.
 *
 * <p>Debezium 3.7 reads what a table looks like before it asks whether the table is captured, and throws for columns that
 * differ by case alone. Such a table, taken out of the capture, would stop it for as long as its changes are in the WAL.
 * A table whose form was not read is unknown to the decoder, which passes over its changes.
 */
final class CapturedRelations implements ReplicationConnection {

    private static final Pattern REFUSED = Pattern.compile("Table '(.+)' has columns that differ only by case");

    private final ReplicationConnection connection;
    private final RelationalTableFilters filters;
    private final RenamedKeys keys;

    CapturedRelations(ReplicationConnection connection, RelationalTableFilters filters, RenamedKeys keys) {
        this.connection = connection;
        this.filters = filters;
        this.keys = keys;
    }

    private boolean isOfAnother(RuntimeException e) {
        Matcher refused = REFUSED.matcher(String.valueOf(e.getMessage()));
        if (!refused.find()) {
            return false;
        }
        TableId table = TableNames.fromIdentifier(refused.group(1));
        return table != null && !filters.dataCollectionFilter().isIncluded(table);
    }

    @Override
    public ReplicationStream startStreaming(WalPositionLocator position) throws SQLException, InterruptedException {
        return new Stream(connection.startStreaming(position));
    }

    @Override
    public ReplicationStream startStreaming(Lsn offset, WalPositionLocator position)
            throws SQLException, InterruptedException {
        return new Stream(connection.startStreaming(offset, position));
    }

    @Override
    public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
        return connection.createReplicationSlot();
    }

    @Override
    public void initConnection() throws SQLException, InterruptedException {
        connection.initConnection();
    }

    @Override
    public boolean isConnected() throws SQLException {
        return connection.isConnected();
    }

    @Override
    public void reconnect() throws SQLException {
        connection.reconnect();
    }

    @Override
    public void close() throws Exception {
        connection.close();
    }

    private final class Stream implements ReplicationStream {

        private final ReplicationStream stream;

        Stream(ReplicationStream stream) {
            this.stream = stream;
        }

        @Override
        public void read(ReplicationMessageProcessor processor) throws SQLException, InterruptedException {
            try {
                stream.read(naming(processor));
            } catch (RuntimeException e) {
                if (!isOfAnother(e)) {
                    throw e;
                }
            }
        }

        @Override
        public boolean readPending(ReplicationMessageProcessor processor) throws SQLException, InterruptedException {
            try {
                return stream.readPending(naming(processor));
            } catch (RuntimeException e) {
                if (!isOfAnother(e)) {
                    throw e;
                }
                return true;
            }
        }

        private ReplicationMessageProcessor naming(ReplicationMessageProcessor processor) {
            return message -> {
                try {
                    if (!message.isSkippedMessage() && isOfRow(message)) {
                        keys.complete(message.getTable());
                    }
                    processor.process(message);
                } catch (RuntimeException e) {
                    throw message.isTransactionalMessage() ? e : TableFaults.ofChange(message.getTable(), e);
                }
            };
        }

        private static boolean isOfRow(ReplicationMessage message) {
            return switch (message.getOperation()) {
                case INSERT, UPDATE, DELETE -> true;
                default -> false;
            };
        }

        @Override
        public void flushLsn(Lsn lsn) throws SQLException {
            stream.flushLsn(lsn);
        }

        @Override
        public Lsn lastReceivedLsn() {
            return stream.lastReceivedLsn();
        }

        @Override
        public Lsn startLsn() {
            return stream.startLsn();
        }

        @Override
        public void startKeepAlive(ExecutorService service) {
            stream.startKeepAlive(service);
        }

        @Override
        public void stopKeepAlive() {
            stream.stopKeepAlive();
        }

        @Override
        public void close() throws Exception {
            stream.close();
        }
    }
}
