package shelfcast.connect;

import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/** Copies of schemas, which cannot be changed. */
final class Schemas {

    private Schemas() {
    }

    /**
     * A builder of the same schema, but for its default.
     *
     * <p>Debezium puts a column's DEFAULT into the field's schema. The Avro converter then writes that default wherever
     * the value is null, so a row with an explicit NULL reaches every reader as if it held the default. The default also
     * ends up in the Avro schema, and the registry cannot serve one that says {@code "{}"}, which is what most jsonb
     * columns have.
     */
    static SchemaBuilder like(Schema schema) {
        SchemaBuilder builder = likeWithoutFields(schema, schema.name());
        if (schema.type() == Schema.Type.STRUCT) {
            schema.fields().forEach(field -> builder.field(field.name(), field.schema()));
        }
        return builder;
    }

    /** The same under a name, for a struct whose fields will be others. */
    static SchemaBuilder likeWithoutFields(Schema schema, String name) {
        SchemaBuilder builder = switch (schema.type()) {
            case ARRAY -> SchemaBuilder.array(schema.valueSchema());
            case MAP -> SchemaBuilder.map(schema.keySchema(), schema.valueSchema());
            default -> new SchemaBuilder(schema.type());
        };
        builder.name(name).version(schema.version()).doc(schema.doc());
        if (schema.parameters() != null) {
            builder.parameters(schema.parameters());
        }
        return schema.isOptional() ? builder.optional() : builder;
    }
}
