package shelfcast.connect;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The types of tables' columns, each with its schema.
 *
 * <p>The driver names a type without its schema where the search path finds it, and Debezium 3.7 looks for such a name among
 * the types of the table's schema first, and then among those of any. There it may be another type: a table {@code date}
 * is one, its rows'.
 */
final class TypeNames {

    private static final String QUERY = "select n.nspname, c.relname, a.attname, tn.nspname || '.' || t.typname"
            + " from pg_catalog.pg_attribute a"
            + " join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            + " join pg_catalog.pg_type t on t.oid = a.atttypid join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace"
            + " where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')"
            + " and n.nspname like coalesce(?, '%') and c.relname like coalesce(?, '%')";

    private final Map<List<String>, String> names = new HashMap<>();

    private TypeNames() {
    }

    /** Of the tables that fit the patterns of {@code DatabaseMetaData.getColumns}. */
    static TypeNames of(Connection session, String schemaPattern, String tablePattern) throws SQLException {
        TypeNames types = new TypeNames();
        try (PreparedStatement statement = session.prepareStatement(QUERY)) {
            statement.setString(1, schemaPattern);
            statement.setString(2, tablePattern);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    types.names.put(List.of(rows.getString(1), rows.getString(2), rows.getString(3)), rows.getString(4));
                }
            }
        }
        return types;
    }

    /** Of the column that a row of {@code getColumns} describes; null for a column that was not there. */
    String of(ResultSet column) throws SQLException {
        return names.get(List.of(column.getString(2), column.getString(3), column.getString(4)));
    }
}
