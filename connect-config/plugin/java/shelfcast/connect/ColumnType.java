package shelfcast.connect;

import io.debezium.connector.postgresql.PgOid;
import io.debezium.data.Bits;
import io.debezium.data.Json;
import io.debezium.data.Uuid;
import io.debezium.data.VariableScaleDecimal;
import io.debezium.time.Date;
import io.debezium.time.Interval;
import io.debezium.time.MicroTime;
import io.debezium.time.MicroTimestamp;
import io.debezium.time.Timestamp;
import io.debezium.time.ZonedTime;
import io.debezium.time.ZonedTimestamp;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * What a column of a Postgres type is in Connect, and how its text becomes that: what Debezium makes of the type where
 * that is exact, else a string.
 */
final class ColumnType {

    /** A value of its text; null or an unchecked exception when the schema has none for it. */
    @FunctionalInterface
    interface Reading {
        Object read(String text, Schema schema);
    }

    private static final String DECIMAL_PRECISION = "connect.decimal.precision";

    /** The length that the driver gives for a numeric without one. */
    private static final int ANY_LENGTH = 131_089;

    /** Postgres' largest scale; what is above it is a negative one in two's complement: numeric(5,-2) comes with 2046. */
    private static final int MAX_SCALE = 1_000;
    private static final int SCALES = 2_048;

    private static final int MILLISECONDS = 3;

    /** A builder, because only the column decides whether it is optional. */
    private final SchemaBuilder schema;
    private final Reading reading;
    /** Between the elements of an array; null for what is no array. */
    private final Character delimiter;

    private ColumnType(SchemaBuilder schema, Reading reading, Character delimiter) {
        this.schema = schema;
        this.reading = reading;
        this.delimiter = delimiter;
    }

    static ColumnType of(SchemaBuilder schema, Reading reading) {
        return new ColumnType(schema, reading, null);
    }

    /** For values that do not name their schema. */
    static ColumnType plain(SchemaBuilder schema, Function<String, Object> reading) {
        return of(schema, (text, ignored) -> reading.apply(text));
    }

    /**
     * @param oid of the type, or of the one that a domain is made of
     * @param length of a bit string, or the digits of a numeric
     * @param scale of a numeric, or the digits of a second
     */
    static ColumnType of(int oid, String name, boolean isArray, int length, int scale) {
        if (isArray) {
            ColumnType element = scalar(elementOid(oid), name.replaceFirst("^_", ""), length, scale);
            return arrayOf(element == null ? string(SchemaBuilder.string()) : element, oid == PgOid.BOX_ARRAY ? ';' : ',');
        }
        ColumnType known = scalar(oid, name, length, scale);
        return known == null ? string(PostgresText.schema(name)) : known;
    }

    SchemaBuilder schema() {
        return schema;
    }

    /** Null for a value that the schema, which is that of {@link #schema()}, does not have. */
    Object read(String text, Schema of) {
        try {
            return reading.read(text, of);
        } catch (RuntimeException e) {
            return null;
        }
    }

    /** The texts of an array's elements; null when there is no list of them: no array, or not one of one dimension from 1. */
    List<String> elements(String text) {
        return delimiter == null ? null : ArrayText.elements(text, delimiter);
    }

    private static ColumnType string(SchemaBuilder schema) {
        return plain(schema, text -> text);
    }

    private static ColumnType arrayOf(ColumnType element, char delimiter) {
        Reading reading = (text, schema) -> {
            List<String> texts = ArrayText.elements(text, delimiter);
            if (texts == null) {
                return null;
            }
            List<Object> values = new ArrayList<>(texts.size());
            for (String elementText : texts) {
                Object value = elementText == null ? null : element.reading.read(elementText, schema.valueSchema());
                if (value == null && elementText != null) {
                    return null;
                }
                values.add(value);
            }
            return values;
        };
        return new ColumnType(SchemaBuilder.array(element.schema.optional().build()), reading, delimiter);
    }

    /** Null for a type that has nothing but its text. */
    private static ColumnType scalar(int oid, String name, int length, int scale) {
        return switch (oid) {
            case PgOid.BOOL -> plain(SchemaBuilder.bool(), text -> either(text, "t", "f"));
            case PgOid.INT2 -> plain(SchemaBuilder.int16(), Short::valueOf);
            case PgOid.INT4 -> plain(SchemaBuilder.int32(), Integer::valueOf);
            case PgOid.INT8, PgOid.OID -> plain(SchemaBuilder.int64(), Long::valueOf);
            case PgOid.FLOAT4 -> plain(SchemaBuilder.float32(), Float::valueOf);
            case PgOid.FLOAT8 -> plain(SchemaBuilder.float64(), Double::valueOf);
            case PgOid.NUMERIC -> numeric(length, scale);
            case PgOid.MONEY -> plain(Decimal.builder(2), text -> new BigDecimal(text.replaceAll("[$,]", "")).setScale(2));
            case PgOid.BIT -> length > 1
                    ? plain(Bits.builder(length), ColumnType::bits)
                    : plain(SchemaBuilder.bool(), text -> either(text, "1", "0"));
            case PgOid.BYTEA -> plain(SchemaBuilder.bytes(), ColumnType::bytes);
            case PgOid.DATE -> plain(Date.builder(), TemporalText::epochDays);
            case PgOid.TIME -> plain(MicroTime.builder(), TemporalText::microsOfDay);
            case PgOid.TIMETZ -> plain(ZonedTime.builder(), TemporalText::zonedTime);
            case PgOid.TIMESTAMP -> scale <= MILLISECONDS
                    ? plain(Timestamp.builder(), TemporalText::epochMillis)
                    : plain(MicroTimestamp.builder(), TemporalText::epochMicros);
            case PgOid.TIMESTAMPTZ -> plain(ZonedTimestamp.builder(), text -> TemporalText.zonedTimestamp(text, scale));
            case PgOid.INTERVAL -> plain(Interval.builder(), TemporalText::isoInterval);
            case PgOid.UUID -> string(Uuid.builder());
            case PgOid.JSON, PgOid.JSONB_OID -> string(Json.builder());
            case PgOid.POINT -> GeometricText.point();
            case PgOid.BOX -> GeometricText.box();
            case PgOid.LSEG -> GeometricText.lseg();
            case PgOid.PATH -> GeometricText.path();
            case PgOid.POLYGON -> GeometricText.polygon();
            case PgOid.CIRCLE -> GeometricText.circle();
            case PgOid.LINE -> GeometricText.line();
            default -> ExtensionText.type(name);
        };
    }

    /** Of an array whose elements are more than strings. */
    private static int elementOid(int arrayOid) {
        return switch (arrayOid) {
            case PgOid.BOOL_ARRAY -> PgOid.BOOL;
            case PgOid.INT2_ARRAY -> PgOid.INT2;
            case PgOid.INT4_ARRAY -> PgOid.INT4;
            case PgOid.INT8_ARRAY -> PgOid.INT8;
            case PgOid.OID_ARRAY -> PgOid.OID;
            case PgOid.FLOAT4_ARRAY -> PgOid.FLOAT4;
            case PgOid.FLOAT8_ARRAY -> PgOid.FLOAT8;
            case PgOid.NUMERIC_ARRAY -> PgOid.NUMERIC;
            case PgOid.BYTEA_ARRAY -> PgOid.BYTEA;
            case PgOid.DATE_ARRAY -> PgOid.DATE;
            case PgOid.TIME_ARRAY -> PgOid.TIME;
            case PgOid.TIMETZ_ARRAY -> PgOid.TIMETZ;
            case PgOid.TIMESTAMP_ARRAY -> PgOid.TIMESTAMP;
            case PgOid.TIMESTAMPTZ_ARRAY -> PgOid.TIMESTAMPTZ;
            case PgOid.UUID_ARRAY -> PgOid.UUID;
            case PgOid.JSON_ARRAY, PgOid.JSONB_ARRAY -> PgOid.JSON;
            default -> PgOid.UNSPECIFIED;
        };
    }

    /** Avro has neither a negative scale nor one above the precision: there are more digits then, and the same numbers. */
    private static ColumnType numeric(int length, int scale) {
        if ((length == 0 || length == ANY_LENGTH) && scale == 0) {
            return of(VariableScaleDecimal.builder(), (text, schema) -> VariableScaleDecimal.fromLogical(schema, new BigDecimal(text)));
        }
        int signedScale = scale > MAX_SCALE ? scale - SCALES : scale;
        int avroScale = Math.max(signedScale, 0);
        int precision = Math.max(length + avroScale - signedScale, avroScale);
        return plain(
                Decimal.builder(avroScale).parameter(DECIMAL_PRECISION, Integer.toString(precision)),
                text -> new BigDecimal(text).setScale(avroScale));
    }

    private static Boolean either(String text, String yes, String no) {
        return text.equals(yes) ? Boolean.TRUE : text.equals(no) ? Boolean.FALSE : null;
    }

    /** The last bit first, as Debezium has it. */
    private static byte[] bits(String text) {
        BitSet bits = new BitSet(text.length());
        for (int index = 0; index < text.length(); index++) {
            bits.set(text.length() - 1 - index, either(text.substring(index, index + 1), "1", "0"));
        }
        return bits.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.startsWith("\\x") ? HexFormat.of().parseHex(text, 2, text.length()) : null;
    }
}
