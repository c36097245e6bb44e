package shelfcast.connect;

import io.debezium.connector.postgresql.PostgresConnector;
import org.apache.kafka.connect.connector.Task;

/** Debezium's Postgres connector with our task: the one place where parts of ours replace Debezium's own. */
public final class ShelfcastConnector extends PostgresConnector {

    @Override
    public Class<? extends Task> taskClass() {
        return ShelfcastTask.class;
    }
}
