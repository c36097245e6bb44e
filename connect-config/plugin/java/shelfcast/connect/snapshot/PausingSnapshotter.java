package shelfcast.connect.snapshot;

import io.debezium.bean.StandardBeanNames;
import io.debezium.pipeline.source.snapshot.incremental.IncrementalSnapshotContext;
import io.debezium.pipeline.spi.Offsets;
import io.debezium.snapshot.mode.InitialSnapshotter;

/**
 * Debezium's snapshot mode {@code initial}, which also holds back an incremental snapshot that a restart interrupted:
 * select it with {@code snapshot.mode=custom} and {@code snapshot.mode.custom.name=shelfcast}.
 *
 * <p>When a task starts, Debezium 3.7 reads the next chunk before it asks for signal actions. {@link SnapshotActions}
 * goes on with that chunk, once the chunk queries are ours.
 */
public final class PausingSnapshotter extends InitialSnapshotter {

    @Override
    public String name() {
        return "shelfcast";
    }

    @Override
    public boolean shouldSnapshotData(boolean offsetExists, boolean snapshotInProgress) {
        Offsets<?, ?> offsets = beanRegistry.lookupByName(StandardBeanNames.OFFSETS, Offsets.class);
        if (offsets != null && offsets.getTheOnlyOffset() != null) {
            IncrementalSnapshotContext<?> context = offsets.getTheOnlyOffset().getIncrementalSnapshotContext();
            if (context != null && context.snapshotRunning()) {
                context.pauseSnapshot();
            }
        }
        return super.shouldSnapshotData(offsetExists, snapshotInProgress);
    }
}
