package shelfcast.connect;

import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.relational.Column;
import io.debezium.relational.Table;
import io.debezium.relational.TableId;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of changes that were written before a column of the key was renamed.
 *
 * <p>The stream tells the columns that a table had. Of the key, Debezium 3.7 asks the catalog, as it is now, and leaves out
 * what those columns do not have: the changes would come without their key, or with a part of it.
 */
final class RenamedKeys {

    private static final Logger LOGGER = LoggerFactory.getLogger(RenamedKeys.class);

    private final PostgresConnection connection;
    private final PostgresSchema schema;
    private final Map<String, TableId> ids = new HashMap<>();
    /** The models that were looked at: there is another one whenever the stream has told a table's columns. */
    private final Map<TableId, Table> seen = new HashMap<>();

    RenamedKeys(PostgresConnection connection, PostgresSchema schema) {
        this.connection = connection;
        this.schema = schema;
    }

    /** @param name as messages of the stream name their table */
    void complete(String name) throws SQLException {
        TableId id = ids.computeIfAbsent(name, quoted -> TableId.parse(quoted, false));
        Table model = schema.tableFor(id);
        if (model == null || model == seen.get(id)) {
            return;
        }
        List<String> key = connection.readPrimaryKeyNames(connection.connection().getMetaData(), id);
        if (model.primaryKeyColumnNames().size() < key.size()) {
            List<String> then = namesThen(key, id, model.columns().stream().map(Column::name).toList());
            if (then.contains(null)) {
                LOGGER.warn("Changes of {} are from before its key {} was made", id, key);
            } else {
                schema.refresh(model.edit().setPrimaryKeyNames(then).create());
            }
        }
        seen.put(id, schema.tableFor(id));
    }

    private List<String> namesThen(List<String> key, TableId id, List<String> then) throws SQLException {
        List<String> now = connection.getTableColumnsForDecoder(id, null).stream().map(Column::name).toList();
        List<String> names = new ArrayList<>();
        for (String column : key) {
            names.add(then.contains(column) ? column : nameThen(column, now, then));
        }
        return names;
    }

    /**
     * Columns keep their order, and new ones come last: between two that kept their names, as many others are the same ones.
     *
     * @return null where that does not tell
     */
    static String nameThen(String column, List<String> now, List<String> then) {
        int at = now.indexOf(column);
        int first = at;
        while (first > 0 && !then.contains(now.get(first - 1))) {
            first--;
        }
        int end = at + 1;
        while (end < now.size() && !then.contains(now.get(end))) {
            end++;
        }
        int firstThen = first == 0 ? 0 : then.indexOf(now.get(first - 1)) + 1;
        int endThen = end == now.size() ? then.size() : then.indexOf(now.get(end));
        int count = endThen - firstThen;
        boolean isSame = end == now.size() ? count <= end - first : count == end - first;
        int place = firstThen + at - first;
        return isSame && place < endThen ? then.get(place) : null;
    }
}
