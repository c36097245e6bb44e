package shelfcast.connect;

import org.apache.kafka.connect.connector.ConnectRecord;

/** The name by which connectors that were registered before have {@link Rows}, until they are registered again. */
public final class RowsWithoutDefaults<R extends ConnectRecord<R>> extends Rows<R> {}
