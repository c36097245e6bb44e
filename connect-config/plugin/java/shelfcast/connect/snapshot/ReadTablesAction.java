package shelfcast.connect.snapshot;

import io.debezium.document.Array;
import io.debezium.document.Document;
import io.debezium.pipeline.EventDispatcher;
import io.debezium.pipeline.signal.SignalPayload;
import io.debezium.pipeline.signal.actions.SignalAction;
import io.debezium.pipeline.signal.actions.snapshotting.AdditionalCondition;
import io.debezium.pipeline.signal.actions.snapshotting.AdditionalCondition.AdditionalConditionBuilder;
import io.debezium.pipeline.source.snapshot.incremental.IncrementalSnapshotContext;
import io.debezium.pipeline.spi.Partition;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The signal {@code read-tables}: an incremental snapshot of tables with any names, one after another. Its data is
 * {@code {"tables": [{"schema": …, "table": …, "filter": …}, …]}}; of a table with a filter, which is an SQL condition, only
 * the rows that meet it are read.
 *
 * <p>Debezium's {@code execute-snapshot} (3.7) takes regular expressions, and then parses the names that they match, where
 * a space or a quote is an error that is logged and skipped.
 */
public final class ReadTablesAction<P extends Partition> implements SignalAction<P> {

    static final String NAME = "read-tables";

    private final EventDispatcher<P, ?> dispatcher;

    ReadTablesAction(EventDispatcher<P, ?> dispatcher) {
        this.dispatcher = dispatcher;
    }

    @Override
    public boolean arrived(SignalPayload<P> signal) throws InterruptedException {
        List<String> names = new ArrayList<>();
        List<AdditionalCondition> conditions = new ArrayList<>();
        for (Array.Entry entry : signal.data.getArray("tables")) {
            Document table = entry.getValue().asDocument();
            String name = TableNames.quoted(table.getString("schema"), table.getString("table"));
            names.add(name);
            String filter = table.getString("filter");
            if (filter != null) {
                conditions.add(AdditionalConditionBuilder.builder().dataCollection(Pattern.compile(Pattern.quote(name)))
                        .filter(filter).build());
            }
        }
        IncrementalSnapshotContext<?> context = signal.offsetContext.getIncrementalSnapshotContext();
        boolean isReading = context.snapshotRunning();
        context.addDataCollectionNamesToSnapshot(signal.id, names, conditions, "");
        if (!isReading) {
            dispatcher.getIncrementalSnapshotChangeEventSource().init(signal.partition, signal.offsetContext);
        }
        return true;
    }
}
