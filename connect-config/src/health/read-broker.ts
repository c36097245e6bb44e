import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import type { KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import { heartbeatTopic } from '../heartbeat.ts';
import { type Arrivals, readArrivals } from './arrivals.ts';
import type { WrittenTopic } from './written-topics.ts';

/** What the brokers say of the topics that are written to. */
export interface BrokerFacts {
  /** By the connector. */
  readonly written: readonly WrittenTopic[];
  /** Topics that services write to. */
  readonly others: readonly string[];
  /** Those of both that exist. */
  readonly existing: ReadonlySet<string>;
  readonly arrivals: Arrivals;
}

export interface ReadBrokerOptions {
  readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'watermarks'>;
  readonly reader: LogReader;
  readonly topicPrefix: string;
  readonly written: readonly WrittenTopic[];
  readonly others: readonly string[];
  readonly capturedTables: readonly CapturedTable[];
  readonly nowMs: () => number;
}

/** @throws KafkaError */
export async function readBroker(options: ReadBrokerOptions): Promise<BrokerFacts> {
  const { admin, topicPrefix, written, others, capturedTables } = options;
  const changeTopics = capturedTables.map((table) => cdcTopic({ prefix: topicPrefix, ...table }));
  const heartbeats = heartbeatTopic(topicPrefix);
  const names = [...written.map(({ topic }) => topic), ...others, ...changeTopics, heartbeats];
  const wanted = [...new Set(names)];
  const existing = new Set((await admin.describeTopics(wanted)).map(({ topic }) => topic));
  const arrivals = await readArrivals({
    ...options,
    changeTopics: changeTopics.filter((topic) => existing.has(topic)),
    hasHeartbeatTopic: existing.has(heartbeats),
  });
  return { written, others, existing, arrivals };
}
