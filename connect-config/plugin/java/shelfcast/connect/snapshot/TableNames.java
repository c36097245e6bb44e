package shelfcast.connect.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.debezium.relational.TableId;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.errors.DataException;

/** Names of tables as Debezium parses them: a part with a space, a dot or a quote has to stand in quotes. */
public final class TableNames {

    /** Of a stored offset: the tables that an incremental snapshot has still to read, as JSON. */
    private static final String COLLECTIONS = "incremental_snapshot_collections";
    private static final String COLLECTION_ID = COLLECTIONS + "_id";

    private static final ObjectMapper JSON = new ObjectMapper();

    private TableNames() {
    }

    static String quoted(String schema, String table) {
        return quoted(schema) + "." + quoted(table);
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** The table of {@link TableId#identifier()}; a captured table's schema has no dot. */
    public static TableId fromIdentifier(String identifier) {
        int dot = identifier.indexOf('.');
        return dot < 0 ? null : new TableId(null, identifier.substring(0, dot), identifier.substring(dot + 1));
    }

    /** Debezium 3.7 writes identifiers without quotes into the offset and parses them when a task starts. */
    public static Map<String, ?> withQuotedNames(Map<String, ?> offset) {
        if (offset == null || !(offset.get(COLLECTIONS) instanceof String collections)) {
            return offset;
        }
        try {
            JsonNode tables = JSON.readTree(collections);
            for (JsonNode entry : tables) {
                TableId table = fromIdentifier(entry.path(COLLECTION_ID).asText());
                if (table != null) {
                    ((ObjectNode) entry).put(COLLECTION_ID, quoted(table.schema(), table.table()));
                }
            }
            Map<String, Object> quoted = new HashMap<>(offset);
            quoted.put(COLLECTIONS, tables.toString());
            return quoted;
        } catch (JsonProcessingException e) {
            throw new DataException("Cannot read " + COLLECTIONS + " of the stored offset", e);
        }
    }
}
