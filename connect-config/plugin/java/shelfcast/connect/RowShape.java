package shelfcast.connect;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/**
 * The rows of a table, or their keys: from Debezium's structs, whose values are text, to those that readers get.
 *
 * <p>A column has one Avro type, that of {@link ColumnType}. A value that this type does not have (NaN in a numeric, a
 * timestamp of the year 294276, an array of two dimensions) is neither bent to fit nor does it stop the connector: in
 * the record that holds it the column is a string, the value's text. Such a record has a schema of its own.
 */
final class RowShape {

    // How a column is in one record; flags, so that what both of its rows need adds up.
    private static final byte NULLABLE = 1;
    /** Of an array. */
    private static final byte ELEMENTS_AS_TEXT = 2;
    private static final byte AS_TEXT = 4;

    /** Of one table; a bound, should there be ever new combinations of columns. */
    private static final int CACHED_SCHEMAS = 256;

    /** @param type null for a column that is as Debezium made it */
    private record Column(Field from, String name, ColumnType type, Schema schema) {}

    private final String name;
    private final boolean isOptional;
    private final List<Column> columns;
    private final Map<ByteBuffer, Schema> schemas = new HashMap<>();

    /**
     * @param name of the Avro record
     * @param debezium schema of the structs that come
     * @param fields names of the Avro fields, by column
     */
    RowShape(String name, Schema debezium, Map<String, String> fields) {
        this.name = name;
        isOptional = debezium.isOptional();
        columns = debezium.fields().stream()
                .map(field -> column(field, fields.getOrDefault(field.name(), AvroNames.legal(field.name()))))
                .toList();
    }

    /** What {@link #read} has found about the columns of one record. */
    byte[] flags() {
        return new byte[columns.size()];
    }

    /** The values that have a form in their column's type; notes the others in {@code flags}. */
    Object[] read(Struct row, byte[] flags) {
        Object[] values = new Object[columns.size()];
        for (int index = 0; index < values.length; index++) {
            Column column = columns.get(index);
            Object value = row.getWithoutDefault(column.from.name());
            if (value == null) {
                flags[index] |= column.schema.isOptional() ? 0 : NULLABLE;
            } else if (column.type == null) {
                values[index] = value;
            } else {
                values[index] = column.type.read((String) value, column.schema);
                if (values[index] == null) {
                    flags[index] |= column.type.elements((String) value) == null ? AS_TEXT : ELEMENTS_AS_TEXT;
                }
            }
        }
        return values;
    }

    Schema schema(byte[] flags) {
        if (schemas.size() >= CACHED_SCHEMAS) {
            schemas.clear();
        }
        Schema known = schemas.get(ByteBuffer.wrap(flags));
        if (known != null) {
            return known;
        }
        SchemaBuilder builder = SchemaBuilder.struct().name(name);
        for (int index = 0; index < flags.length; index++) {
            builder.field(columns.get(index).name, columnSchema(columns.get(index), flags[index]));
        }
        Schema schema = isOptional ? builder.optional().build() : builder.build();
        schemas.put(ByteBuffer.wrap(flags.clone()), schema);
        return schema;
    }

    /** @param values what {@link #read} returned for this row */
    Struct write(Struct row, Object[] values, byte[] flags, Schema schema) {
        Struct copy = new Struct(schema);
        List<Field> fields = schema.fields();
        for (int index = 0; index < values.length; index++) {
            copy.put(fields.get(index), value(row, index, values, flags));
        }
        return copy;
    }

    private Object value(Struct row, int index, Object[] values, byte[] flags) {
        Column column = columns.get(index);
        if (flags[index] <= NULLABLE || column.type == null) {
            return values[index];
        }
        String text = (String) row.getWithoutDefault(column.from.name());
        return text == null || isAsText(flags[index]) ? text : column.type.elements(text);
    }

    private static Column column(Field field, String name) {
        ColumnType type = PostgresText.columnType(field.schema());
        SchemaBuilder builder = type == null ? Schemas.like(field.schema()) : type.schema();
        return new Column(field, name, type, field.schema().isOptional() ? builder.optional().build() : builder.build());
    }

    private static Schema columnSchema(Column column, byte flags) {
        boolean isNullable = column.schema.isOptional() || (flags & NULLABLE) != 0;
        if (flags == 0 || flags == NULLABLE && column.schema.isOptional()) {
            return column.schema;
        }
        SchemaBuilder builder = flags == NULLABLE
                ? Schemas.like(column.schema)
                : isAsText(flags)
                        ? PostgresText.of(column.from.schema())
                        : SchemaBuilder.array(Schema.OPTIONAL_STRING_SCHEMA);
        return isNullable ? builder.optional().build() : builder.build();
    }

    private static boolean isAsText(byte flags) {
        return (flags & AS_TEXT) != 0;
    }
}
