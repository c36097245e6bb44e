package shelfcast.connect;

import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;

/**
 * The types by which Debezium's decoder reads the values of the stream: all of them text.
 *
 * <p>The decoder (3.7) turns a value's text into an object by its type's name: an interval that loses infinity, a null
 * for a type it does not know. It asks for that type by name, and for the types that make a table's schema by OID; so
 * the answers by name are {@code text}, whose values pass as they are.
 */
final class TextTypes extends TypeRegistry {

    private final TypeRegistry types;

    TextTypes(PostgresConnection connection) {
        super(connection);
        types = connection.getTypeRegistry();
    }

    @Override
    public PostgresType get(int oid) {
        // TypeRegistry's constructor asks before there is a field to answer from.
        if (types == null) {
            return super.get(oid);
        }
        PostgresType type = types.get(oid);
        return type.isEnumType() ? types.refresh(oid) : type;
    }

    /**
     * Of an enum as well: at a label that it does not know, Debezium would take the table's columns from the catalog, which
     * may be others than those of the change.
     */
    @Override
    public PostgresType get(String schemaName, String typeName) {
        return types.get("text");
    }
}
