package shelfcast.connect.snapshot;

import io.debezium.DebeziumException;
import io.debezium.bean.StandardBeanNames;
import io.debezium.bean.spi.BeanRegistry;
import io.debezium.config.CommonConnectorConfig;
import io.debezium.config.Configuration;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.pipeline.ChangeEventSourceCoordinator;
import io.debezium.pipeline.EventDispatcher;
import io.debezium.pipeline.signal.actions.SignalAction;
import io.debezium.pipeline.signal.actions.SignalActionProvider;
import io.debezium.pipeline.source.snapshot.incremental.AbstractIncrementalSnapshotChangeEventSource;
import io.debezium.pipeline.source.snapshot.incremental.ChunkQueries;
import io.debezium.pipeline.source.snapshot.incremental.IncrementalSnapshotContext;
import io.debezium.pipeline.spi.OffsetContext;
import io.debezium.pipeline.spi.Offsets;
import io.debezium.pipeline.spi.Partition;
import io.debezium.relational.RelationalDatabaseConnectorConfig;
import io.debezium.relational.RelationalDatabaseSchema;
import io.debezium.relational.TableId;
import io.debezium.spi.schema.DataCollectionId;
import java.sql.SQLException;
import java.util.Map;

/**
 * Makes incremental snapshots read any table, and adds the signals {@link TableColumnsAction} and
 * {@link ReadTablesAction}.
 *
 * <p>Debezium asks for signal actions in the thread that streams, after it has made the source of incremental snapshots
 * and before the first change: here that source gets our chunk queries, and what {@link PausingSnapshotter} held back
 * goes on.
 */
public final class SnapshotActions implements SignalActionProvider {

    @Override
    public <P extends Partition> Map<String, SignalAction<P>> createActions(
            EventDispatcher<P, ? extends DataCollectionId> dispatcher,
            ChangeEventSourceCoordinator<P, ?> coordinator,
            CommonConnectorConfig config) {
        BeanRegistry beans = config.getBeanRegistry();
        JdbcConnection connection = beans.lookupByName(StandardBeanNames.JDBC_CONNECTION, JdbcConnection.class);
        RelationalDatabaseSchema schema = beans.lookupByName(StandardBeanNames.DATABASE_SCHEMA, RelationalDatabaseSchema.class);
        TableColumns columns = new TableColumns(connection, schema,
                beans.lookupByName(StandardBeanNames.CONFIGURATION, Configuration.class).getString("publication.name"));
        try {
            // No relation message has come yet in this session, so every table is as the catalog has it.
            columns.takeAllPublished();
        } catch (SQLException e) {
            throw new DebeziumException("Cannot read which columns are published", e);
        }
        if (dispatcher.getIncrementalSnapshotChangeEventSource() instanceof AbstractIncrementalSnapshotChangeEventSource<P, ?> source) {
            replaceQueries(source, new TextKeyChunkQueries((RelationalDatabaseConnectorConfig) config, connection, columns));
            resume(source, beans);
        }
        return Map.of(TableColumnsAction.NAME, new TableColumnsAction<>(columns),
                ReadTablesAction.NAME, new ReadTablesAction<>(dispatcher));
    }

    /** A relational source has tables as its data collections. */
    @SuppressWarnings("unchecked")
    private static void replaceQueries(AbstractIncrementalSnapshotChangeEventSource<?, ?> source, TextKeyChunkQueries queries) {
        ChunkQueries.replace((AbstractIncrementalSnapshotChangeEventSource<?, TableId>) source, queries);
    }

    @SuppressWarnings("unchecked")
    private static <P extends Partition> void resume(AbstractIncrementalSnapshotChangeEventSource<P, ?> source, BeanRegistry beans) {
        Offsets<P, OffsetContext> offsets = beans.lookupByName(StandardBeanNames.OFFSETS, Offsets.class);
        OffsetContext offset = offsets == null ? null : offsets.getTheOnlyOffset();
        if (offset == null) {
            return;
        }
        IncrementalSnapshotContext<?> context = offset.getIncrementalSnapshotContext();
        if (context != null && context.snapshotRunning() && context.isSnapshotPaused()) {
            context.resumeSnapshot();
            source.init(offsets.getTheOnlyPartition(), offset);
        }
    }
}
