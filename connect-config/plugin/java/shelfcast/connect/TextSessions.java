package shelfcast.connect;

import io.debezium.jdbc.JdbcConfiguration;
import io.debezium.jdbc.JdbcConnection;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import org.postgresql.Driver;

/**
 * Debezium's sessions with Postgres, in which {@code ResultSet.getObject} answers with the text that Postgres sent:
 * select it with {@code database.connection.factory.class}.
 *
 * <p>Every snapshot (initial, incremental, blocking) reads its values so. The objects of the driver have lost something
 * by then: an interval its infinity, a date ten days of the year 1582.
 */
public final class TextSessions implements JdbcConnection.ConnectionFactory {

    private static final JdbcConnection.ConnectionFactory SESSIONS = JdbcConnection.patternBasedFactory(
            "jdbc:postgresql://${" + JdbcConfiguration.HOSTNAME + "}:${" + JdbcConfiguration.PORT + "}/${" + JdbcConfiguration.DATABASE + "}",
            Driver.class.getName(),
            TextSessions.class.getClassLoader(),
            JdbcConfiguration.PORT.withDefault("5432"));

    /**
     * The driver announces the time zone of this JVM at startup, after driver.options. The limits are unknown to older
     * servers, which would refuse a session that names them.
     */
    private static final String SETTINGS = "set time zone 'UTC'; select set_config(name, '0', false)"
            + " from pg_catalog.pg_settings where name in ('idle_session_timeout', 'transaction_timeout')";

    /**
     * How Debezium 3.7 asks for all types, before it asks for one that it does not know. A table's rows and their arrays are
     * types as well, and those of a table that is called "text" would be taken for every text in its schema: it does not know
     * them.
     */
    private static final String TYPES = "SELECT t.oid AS oid, t.typname AS name, n.nspname AS schema_name";
    private static final Pattern ONE_TYPE = Pattern.compile("t\\.(oid|typname) = \\?");
    private static final String WHERE = "WHERE n.nspname != 'pg_toast'";
    private static final String NO_ROWS = " AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c"
            + " WHERE c.relkind <> 'c' AND c.reltype <> 0 AND c.reltype IN (t.oid, t.typelem))";

    /** Innermost first: a prepared statement is a statement too. */
    private static final List<Class<?>> WRAPPED =
            List.of(ResultSet.class, PreparedStatement.class, Statement.class, DatabaseMetaData.class);

    /** Position of a type's name in a row of {@code DatabaseMetaData.getColumns}. */
    private static final int TYPE_NAME = 6;

    @Override
    public Connection connect(JdbcConfiguration config) throws SQLException {
        Connection session = SESSIONS.connect(JdbcConfiguration.adapt(config.edit()
                // Binary values would be printed by the driver, each type in a way of its own.
                .with("binaryTransfer", "false")
                // A key goes back into the query for the next chunk as text: Postgres decides what it is.
                .with("stringtype", "unspecified")
                .build()));
        try (Statement statement = session.createStatement()) {
            statement.execute(SETTINGS);
        }
        return config.getString("replication") == null ? wrap(Connection.class, session) : session;
    }

    private static <T> T wrap(Class<T> type, Object target) {
        return proxy(type, (proxy, method, arguments) -> call(target, method, arguments));
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(TextSessions.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
        if (target instanceof ResultSet row && isGetObject(method)) {
            return row.getString((Integer) arguments[0]);
        }
        if (arguments != null && arguments[0] instanceof String sql && sql.startsWith(TYPES) && !ONE_TYPE.matcher(sql).find()) {
            arguments[0] = sql.replace(WHERE, WHERE + NO_ROWS);
        }
        Object result = invoke(target, method, arguments);
        if (target instanceof DatabaseMetaData tables && method.getName().equals("getColumns")) {
            TypeNames types = TypeNames.of(tables.getConnection(), (String) arguments[1], (String) arguments[2]);
            return withTypeNames((ResultSet) result, types);
        }
        for (Class<?> type : WRAPPED) {
            if (method.getReturnType() == type && result != null) {
                return wrap(type, result);
            }
        }
        return result;
    }

    private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static ResultSet withTypeNames(ResultSet columns, TypeNames types) {
        return proxy(ResultSet.class, (proxy, method, arguments) -> {
            boolean isTypeName = method.getName().equals("getString") && arguments[0].equals(TYPE_NAME);
            String name = isTypeName ? types.of(columns) : null;
            return name == null ? invoke(columns, method, arguments) : name;
        });
    }

    private static boolean isGetObject(Method method) {
        Class<?>[] parameters = method.getParameterTypes();
        return method.getName().equals("getObject") && parameters.length == 1 && parameters[0] == int.class;
    }
}
