package shelfcast.connect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.debezium.connector.postgresql.PostgisGeometry;
import io.debezium.connector.postgresql.data.Ltree;
import io.debezium.data.Json;
import io.debezium.data.geometry.Geography;
import io.debezium.data.geometry.Geometry;
import io.debezium.data.vector.DoubleVector;
import io.debezium.data.vector.FloatVector;
import io.debezium.data.vector.SparseDoubleVector;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import org.postgresql.util.HStoreConverter;

/**
 * The types of extensions that Debezium knows. They go by their names, since their OIDs differ from database to
 * database; the text of a namesake that is another type is no such value, and stays text.
 */
final class ExtensionText {

    private static final JsonFactory JSON = new JsonFactory();

    private ExtensionText() {
    }

    /** Null for a type of another name. */
    static ColumnType type(String name) {
        return switch (name) {
            case "hstore" -> ColumnType.plain(Json.builder(), ExtensionText::json);
            case "ltree" -> ColumnType.plain(Ltree.builder(), text -> text);
            case "vector" -> ColumnType.of(DoubleVector.builder(), (text, schema) -> DoubleVector.fromLogical(schema, text));
            case "halfvec" -> ColumnType.of(FloatVector.builder(), (text, schema) -> FloatVector.fromLogical(schema, text));
            case "sparsevec" -> ColumnType.of(SparseDoubleVector.builder(), (text, schema) -> SparseDoubleVector.fromLogical(schema, text));
            case "geometry" -> ColumnType.of(Geometry.builder(), (text, schema) -> {
                PostgisGeometry geometry = PostgisGeometry.fromHexEwkb(text);
                return Geometry.createValue(schema, geometry.getWkb(), geometry.getSrid());
            });
            case "geography" -> ColumnType.of(Geography.builder(), (text, schema) -> {
                PostgisGeometry geography = PostgisGeometry.fromHexEwkb(text);
                return Geography.createValue(schema, geography.getWkb(), geography.getSrid());
            });
            default -> null;
        };
    }

    private static String json(String hstore) {
        StringWriter json = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(json)) {
            generator.writeStartObject();
            for (Map.Entry<String, String> entry : HStoreConverter.fromString(hstore).entrySet()) {
                generator.writeStringField(entry.getKey(), entry.getValue());
            }
            generator.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return json.toString();
    }
}
