package shelfcast.connect;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.HashSet;
import java.util.zip.CRC32;

/**
 * Names that Avro allows, for any names of Postgres: letters of ASCII, digits and underscores, no digit first. No two
 * names of Postgres become one.
 */
final class AvroNames {

    /** A legal name that readers in JavaScript cannot have as a field. */
    private static final String PROTOTYPE = "__proto__";

    private AvroNames() {
    }

    /** A part of a namespace. A name that has to change gets a checksum, so that {@code a-b} is not {@code a_b}. */
    static String part(String name) {
        String legal = legal(name);
        return legal.equals(name) ? name : legal + "_" + checksum(name);
    }

    /**
     * The fields of a table's columns, by column. A name that has to change becomes what Debezium's {@code
     * field.name.adjustment.mode=avro} makes of it. The first column in the table's order keeps the name that several
     * would have: a column that is added never takes the field of another.
     */
    static Map<String, String> fields(List<String> columns) {
        Map<String, String> fields = new HashMap<>();
        Set<String> taken = new HashSet<>(Set.of(PROTOTYPE));
        for (String column : columns) {
            String field = legal(column);
            while (!taken.add(field)) {
                field += "_" + checksum(column);
            }
            fields.put(column, field);
        }
        return fields;
    }

    /** Every character that Avro does not allow becomes an underscore; before a digit that comes first, one is put. */
    static String legal(String name) {
        StringBuilder legal = new StringBuilder();
        for (char character : name.toCharArray()) {
            boolean isDigit = character >= '0' && character <= '9';
            if (isDigit && legal.isEmpty()) {
                legal.append('_');
            }
            boolean isLetter = character >= 'a' && character <= 'z' || character >= 'A' && character <= 'Z';
            legal.append(isDigit || isLetter ? character : '_');
        }
        return legal.toString();
    }

    private static String checksum(String name) {
        CRC32 checksum = new CRC32();
        checksum.update(name.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", checksum.getValue());
    }
}
