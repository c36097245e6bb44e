package shelfcast.connect;

import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.sql.SQLException;

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
        return new CapturedRelations(stream, config.getTableFilters());
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
