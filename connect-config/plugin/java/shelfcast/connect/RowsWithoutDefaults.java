package shelfcast.connect;

import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Takes the database's column defaults out of the row images of a Debezium change.
 *
 * <p>Debezium puts a column's DEFAULT into the field's schema. The Avro converter then writes that default
 * wherever the value is null, so a row with an explicit NULL reaches every reader as if it held the default.
 * The default also ends up in the Avro schema, and the registry cannot serve one that says {@code "{}"},
 * which is what most jsonb columns have.
 */
public final class RowsWithoutDefaults<R extends ConnectRecord<R>> implements Transformation<R> {

    private static final String BEFORE = "before";
    private static final String AFTER = "after";

    /** Far more than the tables of one connector; a bound in case schemas change without end. */
    private static final int CACHED_SCHEMAS = 4_096;

    /** By identity: Debezium reuses a table's schema until the table changes. */
    private final Map<Schema, Schema> envelopes = new IdentityHashMap<>();

    @Override
    public R apply(R record) {
        if (!(record.value() instanceof Struct value) || value.schema().field(AFTER) == null) {
            return record;
        }
        if (envelopes.size() >= CACHED_SCHEMAS) {
            envelopes.clear();
        }
        Schema envelope = envelopes.computeIfAbsent(value.schema(), RowsWithoutDefaults::envelopeWithoutDefaults);
        return record.newRecord(record.topic(), record.kafkaPartition(), record.keySchema(), record.key(),
                envelope, copyEnvelope(value, envelope), record.timestamp(), record.headers());
    }

    private static Schema envelopeWithoutDefaults(Schema envelope) {
        SchemaBuilder builder = like(envelope);
        // before and after have the same record name, so they must have the very same schema.
        Schema row = rowWithoutDefaults(envelope.field(AFTER).schema());
        for (Field field : envelope.fields()) {
            boolean isRow = field.name().equals(BEFORE) || field.name().equals(AFTER);
            builder.field(field.name(), isRow ? row : field.schema());
        }
        return builder.build();
    }

    private static Schema rowWithoutDefaults(Schema row) {
        SchemaBuilder builder = like(row);
        for (Field column : row.fields()) {
            Schema schema = column.schema();
            builder.field(column.name(), schema.defaultValue() == null ? schema : like(schema).build());
        }
        return builder.build();
    }

    /** A builder of the same schema, but for its default and, where it is a struct, its fields. */
    private static SchemaBuilder like(Schema schema) {
        SchemaBuilder builder = switch (schema.type()) {
            case ARRAY -> SchemaBuilder.array(schema.valueSchema());
            case MAP -> SchemaBuilder.map(schema.keySchema(), schema.valueSchema());
            default -> new SchemaBuilder(schema.type());
        };
        builder.name(schema.name()).version(schema.version()).doc(schema.doc());
        if (schema.parameters() != null) {
            builder.parameters(schema.parameters());
        }
        return schema.isOptional() ? builder.optional() : builder;
    }

    private static Struct copyEnvelope(Struct value, Schema envelope) {
        Struct copy = new Struct(envelope);
        for (Field field : envelope.fields()) {
            Object content = value.getWithoutDefault(field.name());
            boolean isRow = field.name().equals(BEFORE) || field.name().equals(AFTER);
            copy.put(field, isRow && content instanceof Struct row ? copyRow(row, field.schema()) : content);
        }
        return copy;
    }

    private static Struct copyRow(Struct row, Schema schema) {
        Struct copy = new Struct(schema);
        for (Field column : schema.fields()) {
            copy.put(column, row.getWithoutDefault(column.name()));
        }
        return copy;
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef();
    }

    @Override
    public void configure(Map<String, ?> configs) {
        // nothing to set
    }

    @Override
    public void close() {
        envelopes.clear();
    }
}
