package shelfcast.connect;

import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresOffsetContext;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.pipeline.spi.OffsetContext;
import io.debezium.pipeline.spi.Offsets;
import io.debezium.pipeline.spi.Partition;
import java.sql.SQLException;
import java.util.List;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.source.SourceRecord;
import shelfcast.connect.snapshot.TableNames;

/** Debezium's task, whose stream hands on every value as the text that Postgres sent. */
public final class ShelfcastTask extends PostgresConnectorTask {

    /** As in Debezium 3.7, but for the decoder's types. */
    @Override
    protected ReplicationConnection buildReplicationConnection(
            PostgresConnection connection, PostgresSchema schema, PostgresConnectorConfig config) throws SQLException {
        ReplicationConnection stream = new Settings(config.getConfig()).apply(ReplicationConnection.builder(config))
                .withTableFilter(config.getTableFilters())
                .withTypeRegistry(new TextTypes(connection))
                .withSchema(schema)
                .jdbcMetadataConnection(connection)
                .build();
        return new CapturedRelations(stream, config.getTableFilters(), new RenamedKeys(connection, schema));
    }

    /** Debezium begins again without end, in silence, at what Postgres refuses: a failure of the task is seen. */
    @Override
    public List<SourceRecord> doPoll() throws InterruptedException {
        try {
            return super.doPoll();
        } catch (RetriableException e) {
            if (!TableFaults.isLasting(e)) {
                throw e;
            }
            throw new ConnectException("Postgres refuses a table for good", e.getCause());
        }
    }

    /** An incremental snapshot that was interrupted goes on with tables of any names. */
    @Override
    protected Offsets<PostgresPartition, PostgresOffsetContext> getPreviousOffsets(
            Partition.Provider<PostgresPartition> partitions, OffsetContext.Loader<PostgresOffsetContext> loader) {
        return super.getPreviousOffsets(partitions, offset -> loader.load(TableNames.withQuotedNames(offset)));
    }

    /** Some settings are for subclasses only. */
    private static final class Settings extends PostgresConnectorConfig {

        Settings(Configuration config) {
            super(config);
        }

        ReplicationConnection.Builder apply(ReplicationConnection.Builder builder) {
            return builder.withSlot(slotName())
                    .withPublication(publicationName())
                    .withPublicationAutocreateMode(publicationAutocreateMode())
                    .withPlugin(plugin())
                    .dropSlotOnClose(dropSlotOnStop())
                    .createFailOverSlot(createFailOverSlot())
                    .streamParams(streamParams())
                    .statusUpdateInterval(statusUpdateInterval());
        }
    }
}
