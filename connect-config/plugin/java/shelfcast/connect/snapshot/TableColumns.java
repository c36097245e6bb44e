package shelfcast.connect.snapshot;

import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.relational.Column;
import io.debezium.relational.RelationalDatabaseSchema;
import io.debezium.relational.Table;
import io.debezium.relational.TableId;
import io.debezium.relational.Tables;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The columns that tables have in the stream, as {@code shelfcast.published_columns} lists them, and Debezium's model of
 * them.
 *
 * <p>Debezium decodes a change by the position of its values in that model. So a model with a column that the stream lacks
 * (a virtual generated one), or without one that it has, reads values into the wrong columns or not at all. Debezium 3.7
 * makes such a model from the catalog when it starts, and again without generated columns for an incremental snapshot.
 */
final class TableColumns {

    /**
     * @param type base type of the column, and its schema, as SQL
     * @param keyPosition from 1 in the primary key; 0 outside it
     * @param ordered whether its operators go by the order of its indexes
     */
    record PublishedColumn(String name, int typeOid, String type, String typeSchema, int keyPosition, boolean ordered) {
    }

    /** Types below are Postgres' own. */
    private static final int FIRST_OWN_OID = 16_384;

    private final JdbcConnection connection;
    private final RelationalDatabaseSchema schema;
    private final String publication;

    TableColumns(JdbcConnection connection, RelationalDatabaseSchema schema, String publication) {
        this.connection = connection;
        this.schema = schema;
        this.publication = publication;
    }

    /** The published columns in the order of the table; none where there is no such table. */
    List<PublishedColumn> list(TableId table) throws SQLException {
        String sql = "select name, type_oid, type, type_schema, coalesce(key_position, 0), ordered"
                + " from shelfcast.published_columns(?::name, to_regclass(?))";
        try (PreparedStatement statement = prepare(sql, table)) {
            try (ResultSet rows = statement.executeQuery()) {
                List<PublishedColumn> columns = new ArrayList<>();
                while (rows.next()) {
                    columns.add(new PublishedColumn(rows.getString(1), (int) rows.getLong(2), rows.getString(3),
                            rows.getString(4), rows.getInt(5), rows.getBoolean(6)));
                }
                return columns;
            }
        }
    }

    /** All of {@link #list} as one text that the process asking for a snapshot can compare. */
    String describe(TableId table) throws SQLException {
        String sql = "select jsonb_agg(c)::text from shelfcast.published_columns(?::name, to_regclass(?)) as c";
        try (PreparedStatement statement = prepare(sql, table)) {
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() && rows.getString(1) != null ? rows.getString(1) : "";
            }
        } finally {
            connection.commit();
        }
    }

    /** Makes the model of the table what the catalog says of its published columns. */
    void takePublished(TableId table) throws SQLException {
        learnTypes(table);
        Tables read = new Tables();
        connection.readSchema(read, null, table.schema(), table::equals, null, true);
        Table found = read.forTable(table);
        if (found != null) {
            schema.refresh(withPublishedColumns(found));
        }
        connection.commit();
    }

    /** Debezium finds types by name, also those that were dropped since it read them: their names may be of others by now. */
    private void learnTypes(TableId table) throws SQLException {
        TypeRegistry types = ((PostgresConnection) connection).getTypeRegistry();
        String sql = "select distinct t.oid, t.typname from pg_attribute a join pg_type t on t.oid = a.atttypid"
                + " where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped and t.oid >= " + FIRST_OWN_OID;
        try (PreparedStatement statement = connection.connection().prepareStatement(sql)) {
            statement.setString(1, connection.quotedTableIdString(table));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    int oid = (int) rows.getLong(1);
                    String name = rows.getString(2);
                    types.getRegisteredTypes().values().stream().filter(type -> type.getName().equals(name))
                            .map(PostgresType::getOid).distinct().toList().forEach(types::refresh);
                    types.get(oid);
                }
            }
        }
    }

    /** Makes the models of all tables what the catalog says of their published columns. */
    void takeAllPublished() throws SQLException {
        for (TableId id : Set.copyOf(schema.tableIds())) {
            Table table = schema.tableFor(id);
            Table published = withPublishedColumns(table);
            if (!published.columns().equals(table.columns())) {
                schema.refresh(published);
            }
        }
        connection.commit();
    }

    private PreparedStatement prepare(String sql, TableId table) throws SQLException {
        PreparedStatement statement = connection.connection().prepareStatement(sql);
        statement.setString(1, publication);
        statement.setString(2, connection.quotedTableIdString(table));
        return statement;
    }

    private Table withPublishedColumns(Table table) throws SQLException {
        Map<String, Integer> types = list(table.id()).stream()
                .collect(Collectors.toMap(PublishedColumn::name, PublishedColumn::typeOid));
        List<Column> columns = table.columns().stream().filter(column -> types.containsKey(column.name()))
                .map(column -> ofType(column, types.get(column.name()))).toList();
        return columns.isEmpty() ? table : table.edit().setColumns(columns).create();
    }

    /** Debezium looks for types by name alone, and finds the rows of a table that is called "date" for a date. */
    private Column ofType(Column column, int oid) {
        if (column.nativeType() <= 0 || column.nativeType() == oid || !(connection instanceof PostgresConnection postgres)) {
            return column;
        }
        PostgresType type = postgres.getTypeRegistry().get(oid);
        return column.edit().nativeType(oid).jdbcType(type.getJdbcId()).create();
    }
}
