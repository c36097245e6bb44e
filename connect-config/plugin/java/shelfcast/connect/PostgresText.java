package shelfcast.connect;

import io.debezium.connector.postgresql.PgOid;
import io.debezium.spi.converter.RelationalColumn;
import java.sql.Types;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * A string that is the text of a Postgres value, as {@code value::text} prints it in a session with Postgres' default
 * settings and the time zone UTC.
 *
 * <p>Between {@link TextConverter} and {@link Rows} it is what every column has that is no string; what leaves Connect
 * by this name is a value without a type of its own in Avro. Its parameter {@code type} is the column's type.
 */
final class PostgresText {

    static final String NAME = "shelfcast.connect.PostgresText";

    private static final String TYPE = "type";
    private static final String OID = "oid";
    private static final String ARRAY = "array";
    private static final String LENGTH = "length";
    private static final String SCALE = "scale";

    /** Strings that the driver does not call so. */
    private static final Set<Integer> STRINGS = Set.of(
            PgOid.UUID, PgOid.JSON, PgOid.JSONB_OID, PgOid.TSVECTOR_OID,
            PgOid.INET_OID, PgOid.CIDR_OID, PgOid.MACADDR_OID, PgOid.MACADDR8_OID,
            PgOid.INT4RANGE_OID, PgOid.INT8RANGE_OID, PgOid.NUM_RANGE_OID,
            PgOid.TSRANGE_OID, PgOid.TSTZRANGE_OID, PgOid.DATERANGE_OID);

    /** Types of extensions, whose OIDs differ from database to database. */
    private static final Set<String> STRINGS_BY_NAME = Set.of("citext", "ltree", "isbn");

    private PostgresText() {
    }

    /** Whether Debezium carries the column's text as it is. */
    static boolean isString(RelationalColumn column) {
        return switch (column.jdbcType()) {
            // VARCHAR is every enum's as well.
            case Types.CHAR, Types.VARCHAR, Types.SQLXML -> true;
            default -> STRINGS.contains(column.nativeType()) || STRINGS_BY_NAME.contains(column.typeName());
        };
    }

    /** The text of a column, with all that {@link ColumnType} needs to know of it. */
    static SchemaBuilder schema(RelationalColumn column) {
        return schema(column.typeName())
                .parameter(OID, Integer.toString(column.nativeType()))
                .parameter(ARRAY, Boolean.toString(column.jdbcType() == Types.ARRAY))
                .parameter(LENGTH, Integer.toString(column.length().orElse(0)))
                .parameter(SCALE, Integer.toString(column.scale().orElse(0)));
    }

    /** The text of a value that has no other form. */
    static SchemaBuilder schema(String type) {
        return SchemaBuilder.string().name(NAME).parameter(TYPE, type);
    }

    /** The same for the column of a {@link #schema(RelationalColumn)}. */
    static SchemaBuilder of(Schema column) {
        return schema(column.parameters().get(TYPE));
    }

    /** Null for a schema that is none of {@link #schema(RelationalColumn)}. */
    static ColumnType columnType(Schema schema) {
        if (!NAME.equals(schema.name())) {
            return null;
        }
        Map<String, String> parameters = schema.parameters();
        return ColumnType.of(
                Integer.parseInt(parameters.get(OID)),
                parameters.get(TYPE),
                Boolean.parseBoolean(parameters.get(ARRAY)),
                Integer.parseInt(parameters.get(LENGTH)),
                Integer.parseInt(parameters.get(SCALE)));
    }
}
