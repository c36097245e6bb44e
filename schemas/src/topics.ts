/** Topic of the reports every part sends about every event. */
export const MONITORING_TOPIC = 'monitoring';

/** Topics of the events that systems without a captured database publish. */
export const MANUAL_TOPICS = ['product_updates', 'country', 'product_discounts'] as const;
export type ManualTopic = (typeof MANUAL_TOPICS)[number];

/** Topic of the inventory's alerts. */
export const STOCK_ALERTS_TOPIC = 'stock_alerts';

/** First part of every CDC topic's name (Debezium's `topic.prefix`). */
export const DEFAULT_TOPIC_PREFIX = 'pis';

/** Postgres schema of our own tables (heartbeat, signal, …); no consumer handles their changes. */
export const BOOKKEEPING_SCHEMA = 'shelfcast';

const DEAD_LETTER_SUFFIX = '.dlq';
const CHARACTERS_KAFKA_REFUSES = /[^a-zA-Z0-9._-]/g;

export interface CapturedTable {
  readonly schema: string;
  readonly table: string;
}

/**
 * Name of what a table holds (`Change.entity`): the table's, with its schema where that is not `public`, or where a dot in
 * the table's name would make it that of another schema.
 */
export function entityOfTable({ schema, table }: CapturedTable): string {
  return schema === 'public' && !table.includes('.') ? table : `${schema}.${table}`;
}

/**
 * Topic that Debezium writes a table's changes to: `<prefix>.<schema>.<table>`, characters that Kafka
 * does not allow in a name replaced by `_` (Debezium's SchemaTopicNamingStrategy).
 */
export function cdcTopic({
  prefix = DEFAULT_TOPIC_PREFIX,
  schema,
  table,
}: CapturedTable & { readonly prefix?: string }): string {
  return `${prefix}.${schema}.${table}`.replaceAll(CHARACTERS_KAFKA_REFUSES, '_');
}

/**
 * Table behind a CDC topic, or undefined when the topic is none of this prefix. A schema name with a dot
 * cannot be told apart from its table; the `source` block of the record has the exact names.
 */
export function parseCdcTopic(
  topic: string,
  prefix: string = DEFAULT_TOPIC_PREFIX,
): CapturedTable | undefined {
  if (!topic.startsWith(`${prefix}.`)) return undefined;
  const rest = topic.slice(prefix.length + 1);
  const dot = rest.indexOf('.');
  if (dot <= 0 || dot === rest.length - 1) return undefined;
  return { schema: rest.slice(0, dot), table: rest.slice(dot + 1) };
}

export function isManualTopic(topic: string): topic is ManualTopic {
  return MANUAL_TOPICS.some((manual) => manual === topic);
}

/** First part of the names of Connect's own topics. */
const CONNECT_TOPIC_PREFIX = 'shelfcast-connect-';

/**
 * Whether a topic is the pipeline's own: captured changes, reports, alerts, dead letters, and what Kafka and
 * Connect keep. Such topics are written by their owners alone and are not changed or deleted by hand.
 */
export function isSystemTopic(topic: string, prefix: string = DEFAULT_TOPIC_PREFIX): boolean {
  return (
    topic === MONITORING_TOPIC ||
    topic === STOCK_ALERTS_TOPIC ||
    topic.startsWith(`${prefix}.`) ||
    topic.startsWith('__') ||
    topic.startsWith(CONNECT_TOPIC_PREFIX) ||
    topic.endsWith(DEAD_LETTER_SUFFIX)
  );
}

/** Topic that receives copies of what a consumer group could not handle. */
export function deadLetterTopic(group: string): string {
  return `${group}${DEAD_LETTER_SUFFIX}`;
}

/** Registry subject of a topic's keys (Confluent's TopicNameStrategy). */
export function keySubject(topic: string): string {
  return `${topic}-key`;
}

/** Registry subject of a topic's values (Confluent's TopicNameStrategy). */
export function valueSubject(topic: string): string {
  return `${topic}-value`;
}
