package io.debezium.pipeline.source.snapshot.incremental;

import io.debezium.spi.schema.DataCollectionId;

/**
 * Sets the chunk queries of an incremental snapshot.
 *
 * <p>Debezium 3.7 takes them from its JDBC connection and has no setting for them. The field is protected, which is why
 * this class lives in Debezium's package. Remove it when Debezium can be given a {@link ChunkQueryBuilder}.
 */
public final class ChunkQueries {

    private ChunkQueries() {
    }

    public static <T extends DataCollectionId> void replace(AbstractIncrementalSnapshotChangeEventSource<?, T> source,
                                                            ChunkQueryBuilder<T> queries) {
        source.chunkQueryBuilder = queries;
    }
}
