package shelfcast.connect;

import io.debezium.transforms.partitions.PartitionRouting;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.connect.connector.ConnectRecord;

/**
 * Debezium's PartitionRouting, with which equal bytes find the same partition: in Java the hash of an array is that of the
 * object, another one in each record. All other values are where they always were.
 */
public class ValueRouting<R extends ConnectRecord<R>> extends PartitionRouting<R> {

    @Override
    protected int computePartition(Integer partitions, List<Object> values) {
        return super.computePartition(partitions, values.stream().map(ValueRouting::byContent).toList());
    }

    private static Object byContent(Object value) {
        if (value instanceof byte[] bytes) {
            return ByteBuffer.wrap(bytes);
        }
        return value instanceof List<?> elements ? elements.stream().map(ValueRouting::byContent).toList() : value;
    }
}
