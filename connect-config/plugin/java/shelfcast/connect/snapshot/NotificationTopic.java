package shelfcast.connect.snapshot;

import io.debezium.config.CommonConnectorConfig;
import io.debezium.function.BlockingConsumer;
import io.debezium.pipeline.notification.Notification;
import io.debezium.pipeline.notification.channels.ConnectChannel;
import io.debezium.pipeline.notification.channels.NotificationChannel;
import io.debezium.pipeline.spi.OffsetContext;
import io.debezium.pipeline.spi.Offsets;
import io.debezium.pipeline.spi.Partition;
import io.debezium.schema.SchemaFactory;
import io.debezium.schema.SchemaNameAdjuster;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Debezium's notifications to {@code notification.sink.topic.name}: enable it as {@code shelfcast}.
 *
 * <p>Debezium's own channel {@code sink} (3.7) does the same, but where a connector has no offset yet it sends an empty
 * one. Kafka Connect stores that as the connector's offset, and a task that is killed then takes its initial snapshot
 * for done. This channel leaves out what has no offset. It adds the reason to a failure.
 */
public final class NotificationTopic implements NotificationChannel, ConnectChannel {

    private static final Logger LOGGER = LoggerFactory.getLogger(NotificationTopic.class);

    private String topic;
    private Schema keySchema;
    private Schema valueSchema;
    private BlockingConsumer<SourceRecord> consumer;

    @Override
    public String name() {
        return "shelfcast";
    }

    @Override
    public void init(CommonConnectorConfig config) {
        topic = config.getNotificationTopic();
    }

    @Override
    public void initConnectChannel(SchemaFactory schemas, BlockingConsumer<SourceRecord> consumer) {
        keySchema = schemas.notificationKeySchema(SchemaNameAdjuster.NO_OP);
        valueSchema = schemas.notificationValueSchema(SchemaNameAdjuster.NO_OP);
        this.consumer = consumer;
    }

    @Override
    public void send(Notification notification) {
        LOGGER.debug("{} has no offset and is left out", notification);
    }

    @Override
    public <P extends Partition, O extends OffsetContext> void send(Notification notification, Offsets<P, O> offsets) {
        OffsetContext offset = offsets.getTheOnlyOffset();
        if (offset == null || offset.getOffset().isEmpty()) {
            send(notification);
            return;
        }
        Struct key = new Struct(keySchema).put(Notification.ID_KEY, notification.getId());
        Struct value = new Struct(valueSchema)
                .put(Notification.ID_KEY, notification.getId())
                .put(Notification.TYPE, notification.getType())
                .put(Notification.AGGREGATE_TYPE, notification.getAggregateType())
                .put(Notification.ADDITIONAL_DATA, withReason(notification))
                .put(Notification.TIMESTAMP, notification.getTimestamp());
        try {
            consumer.accept(new SourceRecord(offsets.getTheOnlyPartition().getSourcePartition(), offset.getOffset(), topic,
                    keySchema, key, valueSchema, value));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, String> withReason(Notification notification) {
        Map<String, String> data = new HashMap<>(notification.getAdditionalData());
        if ("SQL_EXCEPTION".equals(data.get("status"))) {
            String reason = ReadFailure.take();
            if (reason != null) {
                data.put("reason", reason);
            }
        }
        return data;
    }

    @Override
    public void close() {
        // nothing is open
    }
}
