package shelfcast.connect;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Makes the rows and the key of a Debezium change what readers get: typed values of text ({@link RowShape}), names that
 * Avro allows ({@link AvroNames}), no column defaults ({@link Schemas#like}).
 */
public class Rows<R extends ConnectRecord<R>> implements Transformation<R> {

    private static final String BEFORE = "before";
    private static final String AFTER = "after";
    private static final String SOURCE = "source";

    /** Far more than the tables of one connector; a bound in case schemas change without end. */
    private static final int CACHED_TABLES = 4_096;

    /** By the schema of its envelopes, which Debezium reuses until the table changes. */
    private final Map<Schema, Table> tables = new IdentityHashMap<>();

    @Override
    public R apply(R record) {
        if (!(record.value() instanceof Struct value) || value.schema().field(AFTER) == null) {
            return record;
        }
        if (tables.size() >= CACHED_TABLES) {
            tables.clear();
        }
        try {
            return typed(record, value);
        } catch (RuntimeException e) {
            throw TableFaults.ofTopic(record.topic(), e.getMessage(), e);
        }
    }

    private R typed(R record, Struct value) {
        Table table = tables.computeIfAbsent(value.schema(), envelope -> new Table(envelope, value.getStruct(SOURCE)));
        Struct key = record.key() instanceof Struct struct ? table.key(struct) : null;
        Struct envelope = table.envelope(value);
        return record.newRecord(record.topic(), record.kafkaPartition(), key == null ? record.keySchema() : key.schema(),
                key == null ? record.key() : key, envelope.schema(), envelope, record.timestamp(), record.headers());
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
        tables.clear();
    }

    /** As long as nothing about it changes. */
    private static final class Table {

        private final String name;
        private final Map<String, String> fields;
        private final Schema debezium;
        private final RowShape row;
        private final Map<Schema, RowShape> keys = new IdentityHashMap<>();
        private final Map<Schema, Schema> envelopes = new IdentityHashMap<>();

        Table(Schema debezium, Struct source) {
            this.debezium = debezium;
            name = name(source);
            Schema after = debezium.field(AFTER).schema();
            List<String> columns = after.fields().stream().map(Field::name).toList();
            fields = AvroNames.fields(columns);
            row = new RowShape(name + ".Value", after, fields);
        }

        Struct key(Struct key) {
            RowShape shape = keys.computeIfAbsent(key.schema(), schema -> new RowShape(name + ".Key", schema, fields));
            byte[] flags = shape.flags();
            Object[] values = shape.read(key, flags);
            return shape.write(key, values, flags, shape.schema(flags));
        }

        /** before and after have the same record name, so they must have the very same schema. */
        Struct envelope(Struct value) {
            Struct before = (Struct) value.getWithoutDefault(BEFORE);
            Struct after = (Struct) value.getWithoutDefault(AFTER);
            byte[] flags = row.flags();
            Object[] valuesBefore = before == null ? null : row.read(before, flags);
            Object[] valuesAfter = after == null ? null : row.read(after, flags);
            Schema schema = row.schema(flags);
            Struct envelope = new Struct(envelopes.computeIfAbsent(schema, this::envelopeOf));
            for (Field field : envelope.schema().fields()) {
                envelope.put(field, switch (field.name()) {
                    case BEFORE -> before == null ? null : row.write(before, valuesBefore, flags, schema);
                    case AFTER -> after == null ? null : row.write(after, valuesAfter, flags, schema);
                    default -> value.getWithoutDefault(field.name());
                });
            }
            return envelope;
        }

        private Schema envelopeOf(Schema row) {
            SchemaBuilder builder = Schemas.likeWithoutFields(debezium, name + ".Envelope");
            for (Field field : debezium.fields()) {
                boolean isRow = field.name().equals(BEFORE) || field.name().equals(AFTER);
                builder.field(field.name(), isRow ? row : field.schema());
            }
            return builder.build();
        }

        /** Debezium's own name for it where Avro allows that. */
        private static String name(Struct source) {
            String prefix = Stream.of(source.getString("name").split("\\.")).map(AvroNames::legal).collect(Collectors.joining("."));
            return prefix + "." + AvroNames.part(source.getString("schema")) + "." + AvroNames.part(source.getString("table"));
        }
    }
}
