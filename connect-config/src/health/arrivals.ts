import type { KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import { HEARTBEAT_INTERVAL_MS, heartbeatTopic } from '../heartbeat.ts';

/** When something last came from the connector into Kafka, by the broker's clock (LogAppendTime). */
export interface Arrivals {
  /** When the newest heartbeat did; undefined: its topic holds none. */
  readonly heartbeatAtMs: number | undefined;
  /** How long ago that was. */
  readonly heartbeatAgeMs: number | undefined;
  /** Since the newest change of a captured table. Undefined: there is none, or the heartbeat is not late, so it was not asked. */
  readonly changeAgeMs: number | undefined;
}

/** Three beats missed. */
export const HEARTBEAT_LATE_MS = 3 * HEARTBEAT_INTERVAL_MS;

export interface ReadArrivalsOptions {
  readonly admin: Pick<KafkaAdmin, 'watermarks'>;
  readonly reader: LogReader;
  readonly topicPrefix: string;
  /** Of captured tables, those that exist. */
  readonly changeTopics: readonly string[];
  /** Whether the heartbeat's topic exists. */
  readonly hasHeartbeatTopic: boolean;
  readonly nowMs: () => number;
}

/** @throws KafkaError */
export async function readArrivals(options: ReadArrivalsOptions): Promise<Arrivals> {
  const { topicPrefix, changeTopics, hasHeartbeatTopic, nowMs } = options;
  const since = (atMs: number | undefined) =>
    atMs === undefined ? undefined : Math.max(0, nowMs() - atMs);
  const heartbeatAtMs = hasHeartbeatTopic
    ? await newestRecordMs(options, heartbeatTopic(topicPrefix))
    : undefined;
  const heartbeatAgeMs = since(heartbeatAtMs);
  if (heartbeatAgeMs !== undefined && heartbeatAgeMs <= HEARTBEAT_LATE_MS) {
    return { heartbeatAtMs, heartbeatAgeMs, changeAgeMs: undefined };
  }
  const changes: number[] = [];
  for (const topic of changeTopics) {
    const atMs = await newestRecordMs(options, topic);
    if (atMs !== undefined) changes.push(atMs);
  }
  const newest = changes.length === 0 ? undefined : Math.max(...changes);
  return { heartbeatAtMs, heartbeatAgeMs, changeAgeMs: since(newest) };
}

/** With Kafka transactions, markers that no reader is given stand between the records. */
const TAIL = 4n;

/** When the newest record of a topic was appended; undefined: it holds none. */
async function newestRecordMs(
  { admin, reader }: Pick<ReadArrivalsOptions, 'admin' | 'reader'>,
  topic: string,
): Promise<number | undefined> {
  const from = new Map<number, bigint>();
  for (const [partition, { low, high }] of await admin.watermarks(topic)) {
    if (high > low) from.set(partition, high - TAIL > low ? high - TAIL : low);
  }
  if (from.size === 0) return undefined;
  const fetched = await reader.read({ topic, from });
  const times = fetched.flatMap(({ records }) => records.map(({ timestampMs }) => timestampMs));
  return times.length === 0 ? undefined : Math.max(...times);
}
