import { cdcTopic } from '@shelfcast/schemas/topics';
import { heartbeatTopic, offsetHeartbeatTopic } from '../heartbeat.ts';
import { includeEntries, includes, readableEntry, tableOfEntry } from '../include-list.ts';
import type { ConnectorConfig } from '../render.ts';
import { notificationTopic } from '../snapshot/notifications.ts';
import { formatTableName, type TableName } from '../table-name.ts';

/** A topic that the connector writes to as soon as there is a record for it. */
export interface WrittenTopic {
  readonly topic: string;
  /** The table whose changes it takes. */
  readonly table?: string;
}

/** Debezium's switch for records about transactions. */
const TRANSACTIONS = 'provide.transaction.metadata';
const MESSAGE_FILTERS = ['message.prefix.exclude.list', 'message.prefix.include.list'];

/**
 * Topics that a connector with this configuration writes to. Nothing creates a topic by itself, and a record for one that
 * is missing is waited for without end, with every other record behind it.
 * @param tables captured and published ones: whichever of them the include list matches is carried
 */
export function writtenTopics(
  config: ConnectorConfig,
  tables: readonly TableName[],
): WrittenTopic[] {
  const prefix = config['topic.prefix'] ?? '';
  const signals = config['signal.data.collection'];
  const entries = includeEntries(config);
  const carried = tables.filter(
    (table) =>
      formatTableName(table) !== signals && entries.some((entry) => includes(entry, table)),
  );
  // A table that was dropped since: its records may still be in the WAL, or on their way.
  const unseen = entries
    .filter((entry) => !tables.some((table) => includes(entry, table)))
    .flatMap(literalTable);
  const own = [heartbeatTopic, offsetHeartbeatTopic, notificationTopic].map((name) => name(prefix));
  if (config[TRANSACTIONS] === 'true') own.push(`${prefix}.transaction`);
  if (!MESSAGE_FILTERS.some((name) => config[name])) own.push(`${prefix}.message`);
  const topics = new Map<string, WrittenTopic>(own.map((topic) => [topic, { topic }]));
  for (const table of [...carried, ...unseen]) {
    const topic = cdcTopic({ prefix, ...table });
    if (!topics.has(topic)) topics.set(topic, { topic, table: formatTableName(table) });
  }
  return [...topics.values()];
}

/** The table of an entry that names one; none of an entry that is a pattern for several. */
function literalTable(entry: string): TableName[] {
  const exact = tableOfEntry(entry);
  if (exact !== undefined) return [exact];
  const [, schema, table] =
    /^([^.\s*+?()[\]{}|^$]+)\.([^.\s*+?()[\]{}|^]+)$/.exec(readableEntry(entry)) ?? [];
  return schema === undefined || table === undefined ? [] : [{ schema, table }];
}
