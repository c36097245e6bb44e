package shelfcast.connect.snapshot;

import io.debezium.pipeline.signal.SignalPayload;
import io.debezium.pipeline.signal.actions.SignalAction;
import io.debezium.pipeline.spi.Partition;
import io.debezium.relational.TableId;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signal {@code table-columns}: which columns a table had at this place of the WAL.
 *
 * <p>Postgres describes a table's columns before the next change of that table. A column that was added or dropped since
 * the last change is therefore unknown to Debezium when a snapshot of the table begins. The signal stands before the
 * request for the snapshot; its data is {@code {"schema": …, "table": …, "columns": text of shelfcast.published_columns}}.
 */
public final class TableColumnsAction<P extends Partition> implements SignalAction<P> {

    static final String NAME = "table-columns";

    private static final Logger LOGGER = LoggerFactory.getLogger(TableColumnsAction.class);

    private final TableColumns columns;

    TableColumnsAction(TableColumns columns) {
        this.columns = columns;
    }

    @Override
    public boolean arrived(SignalPayload<P> signal) {
        TableId table = new TableId(null, signal.data.getString("schema"), signal.data.getString("table"));
        try {
            if (columns.describe(table).equals(signal.data.getString("columns"))) {
                columns.takePublished(table);
            } else {
                LOGGER.warn("The columns of {} have changed since its snapshot was asked for", table);
            }
        } catch (SQLException e) {
            LOGGER.warn("Cannot read the columns of {}", table, e);
        }
        return true;
    }
}
