package shelfcast.connect.snapshot;

import io.debezium.jdbc.JdbcConnection;
import io.debezium.pipeline.source.snapshot.incremental.ChunkQueryBuilder;
import io.debezium.pipeline.source.snapshot.incremental.IncrementalSnapshotContext;
import io.debezium.relational.Column;
import io.debezium.relational.RelationalDatabaseConnectorConfig;
import io.debezium.relational.Table;
import io.debezium.relational.TableEditor;
import io.debezium.relational.TableId;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import shelfcast.connect.snapshot.TableColumns.PublishedColumn;

/**
 * Chunk queries for a primary key of any type.
 *
 * <p>Debezium 3.7 compares a key with what JDBC made of the key before: {@code timestamptz > varchar} is an error, a money
 * is no numeric, an array cannot be stored in an offset. Here a key is Postgres' own text of it, cast back to the column's
 * base type where it is compared. Each chunk is one short transaction on a connection of its own, in which the table's
 * columns cannot change; a lock that is not to be had, or a column that is not what the model says, is an error of this
 * read alone and holds up no other.
 */
final class TextKeyChunkQueries implements ChunkQueryBuilder<TableId> {

    /** Stands for a maximum key that is not read yet. Debezium would read it by a query of its own otherwise. */
    private static final Object[] NOT_READ = {};

    private static final String KEY_PREFIX = "shelfcast_key_";
    private static final int TEXT_OID = 25;

    /** The stream waits while a chunk waits. */
    private static final String SETTINGS = "set local lock_timeout = '2s'; set local statement_timeout = 0; ";

    private static final long CHUNK_BYTES = 16L * 1024 * 1024;

    private final RelationalDatabaseConnectorConfig config;
    private final JdbcConnection connection;
    private final TableColumns columns;

    TextKeyChunkQueries(RelationalDatabaseConnectorConfig config, JdbcConnection connection, TableColumns columns) {
        this.config = config;
        this.connection = connection;
        this.columns = columns;
    }

    /** The table with the text of each key column as a further column. */
    @Override
    public Table prepareTable(IncrementalSnapshotContext<TableId> context, Table table) {
        int keys = table == null ? 0 : table.primaryKeyColumns().size();
        if (keys == 0 || table.columnWithName(KEY_PREFIX + 1) != null) {
            return table;
        }
        if (context.maximumKey().isEmpty()) {
            context.maximumKey(NOT_READ);
        }
        TableEditor editor = table.edit();
        for (int i = 1; i <= keys; i++) {
            editor.addColumn(Column.editor().name(KEY_PREFIX + i).type("text").jdbcType(Types.VARCHAR).nativeType(TEXT_OID)
                    .optional(false).position(table.columns().size() + i).create());
        }
        return editor.create();
    }

    @Override
    public List<Column> getQueryColumns(IncrementalSnapshotContext<TableId> context, Table table) {
        List<Column> keys = table.filterColumns(column -> column.name().startsWith(KEY_PREFIX));
        return keys.isEmpty() ? table.primaryKeyColumns() : keys;
    }

    /** For Debezium's log: what is asked depends on the catalog at that moment. */
    @Override
    public String buildChunkQuery(IncrementalSnapshotContext<TableId> context, Table table, Optional<String> condition) {
        return "the next chunk of " + table.id();
    }

    @Override
    public String buildChunkQuery(IncrementalSnapshotContext<TableId> context, Table table, int limit, Optional<String> condition) {
        return buildChunkQuery(context, table, condition);
    }

    @Override
    public PreparedStatement readTableChunkStatement(IncrementalSnapshotContext<TableId> context, Table table, String sql)
            throws SQLException {
        try {
            return endingTransaction(prepareChunk(context, table));
        } catch (SQLException | RuntimeException e) {
            fail(e);
            throw e;
        }
    }

    private PreparedStatement prepareChunk(IncrementalSnapshotContext<TableId> context, Table table) throws SQLException {
        Connection session = beginTransaction();
        String name = connection.quotedTableIdString(table.id());
        try (Statement statement = session.createStatement()) {
            statement.execute(SETTINGS + "lock table " + name + " in access share mode");
        }
        List<PublishedColumn> published = columns.list(table.id());
        refuseOtherColumns(table, published);
        List<PublishedColumn> keys = published.stream().filter(column -> column.keyPosition() > 0)
                .sorted(Comparator.comparingInt(PublishedColumn::keyPosition)).toList();
        findOperators(session, keys);
        Optional<String> filter = context.currentDataCollectionId().getAdditionalCondition();
        Object[] maximum = context.maximumKey().orElse(NOT_READ);
        if (maximum.length == 0) {
            maximum = readMaximum(session, name, keys, filter);
            context.maximumKey(maximum);
        }

        List<String> conditions = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        if (maximum.length == 0) {
            conditions.add("false");
        } else {
            if (context.isNonInitialChunk()) {
                conditions.add(compare(keys, ">"));
                values.addAll(List.of(context.chunkEndPosititon()));
            }
            conditions.add(compare(keys, "<="));
            values.addAll(List.of(maximum));
        }
        filter.ifPresent(conditions::add);
        String query = "select " + projection(table, keys) + " from " + name + " where " + String.join(" and ", conditions)
                + " order by " + orderBy(keys, "") + " limit " + chunkRows(session, name);
        PreparedStatement statement = connection.readTablePreparedStatement(config, query, OptionalLong.empty());
        for (int i = 0; i < values.size(); i++) {
            statement.setString(i + 1, textOf(values.get(i)));
        }
        return statement;
    }

    private Connection beginTransaction() throws SQLException {
        if (!connection.isValid()) {
            connection.reconnect();
        }
        connection.setAutoCommit(false);
        connection.rollback();
        return connection.connection();
    }

    /** Operators are found by the search path: those of a key's type stand in the schema of the type. */
    private static void findOperators(Connection session, List<PublishedColumn> keys) throws SQLException {
        String schemas = Stream.concat(Stream.of("pg_catalog"), keys.stream().map(PublishedColumn::typeSchema)).distinct()
                .collect(Collectors.joining(", "));
        String query = "select set_config('search_path', concat_ws(', ', ?::text, nullif(current_setting('search_path'), '')), true)";
        try (PreparedStatement statement = session.prepareStatement(query)) {
            statement.setString(1, schemas);
            statement.execute();
        }
    }

    /** Debezium's model has to be what is read: its values are converted by it. */
    private void refuseOtherColumns(Table table, List<PublishedColumn> published) throws SQLException {
        for (Column column : modelColumns(table)) {
            boolean same = published.stream()
                    .anyMatch(other -> other.name().equals(column.name())
                            && (column.nativeType() <= 0 || other.typeOid() == column.nativeType()));
            if (!same) {
                throw new SQLException("Column " + column.name() + " was dropped or changed while the table was read");
            }
        }
    }

    private List<Column> modelColumns(Table table) {
        TableId id = table.id();
        return table.filterColumns(column -> !column.name().startsWith(KEY_PREFIX)
                && config.getColumnFilter().matches(id.catalog(), id.schema(), id.table(), column.name()));
    }

    private Object[] readMaximum(Connection session, String name, List<PublishedColumn> keys, Optional<String> filter)
            throws SQLException {
        // Under names of their own: "order by" looks for a column of the answer first, and a text has another order.
        String query = "select " + String.join(", ", keyTexts(keys)) + " from " + name
                + filter.map(condition -> " where " + condition).orElse("") + " order by " + orderBy(keys, " desc") + " limit 1";
        try (Statement statement = session.createStatement(); ResultSet rows = statement.executeQuery(query)) {
            if (!rows.next()) {
                return NOT_READ;
            }
            Object[] maximum = new Object[keys.size()];
            for (int i = 0; i < maximum.length; i++) {
                maximum[i] = rows.getString(i + 1);
            }
            return maximum;
        }
    }

    private String projection(Table table, List<PublishedColumn> keys) {
        List<String> items = new ArrayList<>();
        modelColumns(table).forEach(column -> items.add(connection.quoteIdentifier(column.name())));
        items.addAll(keyTexts(keys));
        return String.join(", ", items);
    }

    private List<String> keyTexts(List<PublishedColumn> keys) {
        return IntStream.range(0, keys.size())
                .mapToObj(i -> connection.quoteIdentifier(keys.get(i).name()) + "::text as " + KEY_PREFIX + (i + 1))
                .toList();
    }

    private String orderBy(List<PublishedColumn> keys, String direction) {
        return keys.stream().map(key -> connection.quoteIdentifier(key.name()) + direction).collect(Collectors.joining(", "));
    }

    /**
     * {@code ("a", "b") > (?::text::integer, ?::text::date)}: a row comparison can use the key's index. Where the operators of
     * a type are named otherwise, it is compared as the element of an array, which goes by the order of indexes, too.
     */
    private String compare(List<PublishedColumn> keys, String operator) {
        Stream<String> values = keys.stream().map(key -> "?::text::" + key.type());
        if (keys.stream().allMatch(PublishedColumn::ordered)) {
            String names = keys.stream().map(key -> connection.quoteIdentifier(key.name())).collect(Collectors.joining(", "));
            return "(" + names + ") " + operator + " (" + values.collect(Collectors.joining(", ")) + ")";
        }
        return "exists (select from (select " + values.collect(Collectors.joining(", ")) + ") as bound ("
                + IntStream.range(0, keys.size()).mapToObj(TextKeyChunkQueries::bound).collect(Collectors.joining(", "))
                + ") where " + (operator.equals(">") ? "" : "not ") + isAfter(keys, 0) + ")";
    }

    private String isAfter(List<PublishedColumn> keys, int index) {
        PublishedColumn key = keys.get(index);
        String name = comparable(key, connection.quoteIdentifier(key.name()));
        String value = comparable(key, bound(index));
        String more = index + 1 < keys.size() ? " or " + name + " = " + value + " and " + isAfter(keys, index + 1) : "";
        return "(" + name + " > " + value + more + ")";
    }

    private static String bound(int index) {
        return KEY_PREFIX + "bound_" + index;
    }

    private static String comparable(PublishedColumn key, String expression) {
        return key.ordered() ? expression : "array[" + expression + "]";
    }

    /** Fewer rows where they are long: a window is kept in memory. */
    private int chunkRows(Connection session, String name) throws SQLException {
        String query = "select pg_table_size(oid) / greatest(reltuples, 1)::float8 from pg_class where oid = to_regclass(?)";
        try (PreparedStatement statement = session.prepareStatement(query)) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                double rowBytes = rows.next() ? Math.max(1, rows.getDouble(1)) : 1;
                return (int) Math.max(1, Math.min(config.getIncrementalSnapshotChunkSize(), CHUNK_BYTES / rowBytes));
            }
        }
    }

    /** An offset of before the keys were texts has them as JDBC read them. */
    private static String textOf(Object value) {
        return value instanceof byte[] bytes ? "\\x" + HexFormat.of().formatHex(bytes) : String.valueOf(value);
    }

    /** Debezium runs and closes the statement: then the transaction ends, too. */
    private PreparedStatement endingTransaction(PreparedStatement statement) {
        return (PreparedStatement) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[]{ PreparedStatement.class },
                (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(statement, arguments);
                        if (method.getName().equals("close")) {
                            connection.commit();
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        if (e.getCause() instanceof Exception cause) {
                            fail(cause);
                        }
                        throw e.getCause();
                    }
                });
    }

    private void fail(Exception failure) {
        ReadFailure.note(failure);
        try {
            connection.rollback();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    // What follows belongs to queries of Debezium's own.

    @Override
    public void addLowerBound(List<Column> keys, Object[] boundary, StringBuilder condition, boolean inclusive) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addUpperBound(List<Column> keys, Object[] boundary, StringBuilder condition, boolean inclusive) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<QueryParam> generateBoundaryParams(List<Column> keys, Object[] values) {
        return IntStream.range(0, values.length).mapToObj(i -> new QueryParam(keys.get(i), values[i])).toList();
    }

    @Override
    public int bindBoundaryParams(PreparedStatement statement, List<Column> keys, Object[] values, int first, JdbcConnection session) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String buildMaxPrimaryKeyQuery(IncrementalSnapshotContext<TableId> context, Table table, Optional<String> condition) {
        throw new UnsupportedOperationException();
    }
}
