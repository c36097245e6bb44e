import { BOOKKEEPING_SCHEMA, cdcTopic } from '@shelfcast/schemas/topics';

/**
 * The table that the connector writes while nothing else happens. It is captured like any other, so each beat goes the
 * whole way of a change: WAL, publication, slot, transforms, converter, producer, broker.
 */
export const HEARTBEAT_TABLE = { schema: BOOKKEEPING_SCHEMA, table: 'heartbeat' } as const;

/** How often connectors/products.json has the connector write it. */
export const HEARTBEAT_INTERVAL_MS = 5_000;

/** The topic in which its changes arrive. */
export function heartbeatTopic(topicPrefix: string): string {
  return cdcTopic({ prefix: topicPrefix, ...HEARTBEAT_TABLE });
}

/** The topic of Debezium's own heartbeat records, which carry the offset on while no row changes. */
export function offsetHeartbeatTopic(topicPrefix: string): string {
  return `__debezium-heartbeat.${topicPrefix}`;
}
