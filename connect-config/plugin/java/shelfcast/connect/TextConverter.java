package shelfcast.connect;

import io.debezium.connector.postgresql.UnchangedToastedReplicationMessageColumn;
import io.debezium.data.SpecialValueDecimal;
import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.math.BigDecimal;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * Carries the text of a value through Debezium, for every column whose value is not a string to Debezium anyway. {@link
 * Rows} makes of it what the column's type has in Avro.
 */
public final class TextConverter implements CustomConverter<SchemaBuilder, RelationalColumn> {

    /** Debezium's default for {@code unavailable.value.placeholder}: a TOASTed value that the WAL does not hold. */
    private static final String UNCHANGED = "__debezium_unavailable_value";

    @Override
    public void configure(Properties properties) {
        // nothing to set
    }

    @Override
    public void converterFor(RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
        if (!PostgresText.isString(column)) {
            registration.register(PostgresText.schema(column), TextConverter::text);
        }
    }

    /** The stream has text ({@link TextTypes}); snapshots too ({@link TextSessions}), but for arrays and amounts. */
    private static String text(Object value) {
        if (value == null) {
            return null;
        }
        if (UnchangedToastedReplicationMessageColumn.isUnchangedToastedValue(value)) {
            return UNCHANGED;
        }
        if (value instanceof BigDecimal amount) {
            return amount.toPlainString();
        }
        if (value instanceof SpecialValueDecimal number && number.getDecimalValue().isEmpty()) {
            double special = number.toDouble();
            return Double.isNaN(special) ? "NaN" : special > 0 ? "Infinity" : "-Infinity";
        }
        return value.toString();
    }
}
