package shelfcast.connect;

import io.debezium.data.geometry.Circle;
import io.debezium.data.geometry.Geometry;
import io.debezium.data.geometry.Line;
import io.debezium.data.geometry.Point;
import io.debezium.spatial.WkbWriter;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.postgresql.geometric.PGbox;
import org.postgresql.geometric.PGcircle;
import org.postgresql.geometric.PGline;
import org.postgresql.geometric.PGlseg;
import org.postgresql.geometric.PGpath;
import org.postgresql.geometric.PGpoint;
import org.postgresql.geometric.PGpolygon;

/** Postgres' geometric types as Debezium's structs, whose doubles are those of the text. */
final class GeometricText {

    @FunctionalInterface
    private interface Drawing {
        Object of(String text, Schema schema) throws SQLException;
    }

    private GeometricText() {
    }

    static ColumnType point() {
        return type(Point.builder(), (text, schema) -> {
            PGpoint point = new PGpoint(text);
            return Point.createValue(schema, point.x, point.y);
        });
    }

    static ColumnType circle() {
        return type(Circle.builder(), (text, schema) -> {
            PGcircle circle = new PGcircle(text);
            return Circle.createValue(schema, circle.center.x, circle.center.y, circle.radius);
        });
    }

    static ColumnType line() {
        return type(Line.builder(), (text, schema) -> {
            PGline line = new PGline(text);
            return Line.createValue(schema, line.a, line.b, line.c);
        });
    }

    /** The ring of its corners, from the first one and back. */
    static ColumnType box() {
        return type(Geometry.builder(), (text, schema) -> {
            PGpoint[] corners = new PGbox(text).point;
            double[] first = {corners[0].x, corners[0].y};
            double[] opposite = {corners[1].x, corners[1].y};
            List<double[]> ring = List.of(
                    first, new double[] {first[0], opposite[1]}, opposite, new double[] {opposite[0], first[1]}, first);
            return geometry(schema, WkbWriter.buildPolygon(List.of(ring)), "box", Map.of());
        });
    }

    static ColumnType lseg() {
        return type(Geometry.builder(), (text, schema) ->
                geometry(schema, WkbWriter.buildLineString(coordinates(new PGlseg(text).point)), "lseg", Map.of()));
    }

    static ColumnType path() {
        return type(Geometry.builder(), (text, schema) -> {
            PGpath path = new PGpath(text);
            Map<String, String> closed = Map.of(Geometry.EXTENSION_CLOSED_KEY, String.valueOf(!path.open));
            return geometry(schema, WkbWriter.buildLineString(coordinates(path.points)), "path", closed);
        });
    }

    /** WKB repeats a ring's first point at its end. Null for a polygon that does so itself: a reader could not tell. */
    static ColumnType polygon() {
        return type(Geometry.builder(), (text, schema) -> {
            List<double[]> ring = coordinates(new PGpolygon(text).points);
            double[] first = ring.get(0);
            double[] last = ring.get(ring.size() - 1);
            if (ring.size() == 1 || first[0] == last[0] && first[1] == last[1]) {
                return null;
            }
            ring.add(first);
            return geometry(schema, WkbWriter.buildPolygon(List.of(ring)), "polygon", Map.of());
        });
    }

    private static ColumnType type(SchemaBuilder builder, Drawing drawing) {
        return ColumnType.of(builder, (text, schema) -> {
            try {
                return drawing.of(text, schema);
            } catch (SQLException e) {
                return null;
            }
        });
    }

    private static List<double[]> coordinates(PGpoint[] points) {
        List<double[]> coordinates = new ArrayList<>();
        for (PGpoint point : points) {
            coordinates.add(new double[] {point.x, point.y});
        }
        return coordinates;
    }

    private static Object geometry(Schema schema, byte[] wkb, String type, Map<String, String> more) {
        Map<String, String> extensions = new LinkedHashMap<>();
        extensions.put(Geometry.EXTENSION_TYPE_KEY, type);
        extensions.putAll(more);
        return Geometry.createValue(schema, wkb, null, extensions);
    }
}
