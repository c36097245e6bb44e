import type { Queryable } from '@shelfcast/product-database/captured-tables';
import type { KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import type { ConnectClient } from '../connect-client.ts';
import { serviceTopics } from '../topics.ts';
import type { AwaitedTopic } from './check-awaited-topics.ts';
import { captureOf, type SourceFacts } from './check-source.ts';
import { gather } from './gather.ts';
import { readBroker } from './read-broker.ts';
import { readConnect } from './read-connect.ts';
import { publishedTables } from './read-publication.ts';
import { readDatabase } from './read-source.ts';
import { writtenTopics } from './written-topics.ts';

export interface SourceContext {
  readonly products: Queryable;
  readonly client: Pick<ConnectClient, 'config' | 'status' | 'offsets'>;
  readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'watermarks'>;
  readonly reader: LogReader;
  readonly topicPrefix: string;
  /** Those that have a dead-letter topic. */
  readonly consumerGroups: readonly string[];
  /** Default: the connector's own. */
  readonly slotName?: string;
  readonly nowMs?: () => number;
  /** Asks the consumers' database which topics consumers wait for. */
  readonly awaitedTopics?: () => Promise<readonly AwaitedTopic[]>;
  /** Throws where it is known already that no broker answers: its client would try for a while. */
  readonly assertListening?: () => void;
}

/** Asks the database, Kafka Connect and Kafka; one that does not answer is a fact like any other. Never rejects. */
export async function gatherSource(context: SourceContext): Promise<SourceFacts> {
  const { products, client, topicPrefix, slotName, nowMs = Date.now } = context;
  const { awaitedTopics } = context;
  const [database, connect, awaited] = await Promise.all([
    gather(() => readDatabase(products, slotName === undefined ? {} : { slotName })),
    gather(() => readConnect(client)),
    awaitedTopics === undefined ? undefined : gather(awaitedTopics),
  ]);
  const capture = captureOf({ database });
  const config = connect.reached ? connect.facts.connector?.config : undefined;
  const capturedTables = capture?.capturedTables ?? [];
  const tables = [...capturedTables, ...publishedTables(capture?.publication)];
  const written = config === undefined ? [] : writtenTopics(config, tables);
  const others = serviceTopics(context);
  const asked = { ...context, written, others, capturedTables, nowMs };
  const broker = await gather(async () => {
    context.assertListening?.();
    return await readBroker(asked);
  });
  return { database, broker, connect, topicPrefix, awaited };
}
