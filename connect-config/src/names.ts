import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { OperationError } from './connect-error.ts';
import type { ConnectorConfig } from './render.ts';
import { formatTableName, type TableName } from './table-name.ts';

/**
 * Columns that cannot be captured beside each other, in groups. Debezium refuses those that differ by case alone; where
 * it is Debezium that makes names of fields (`field.name.adjustment.mode=avro`), those that become one field as well.
 */
export function collidingColumns(
  columns: readonly string[],
  template: ConnectorConfig,
): { readonly columns: readonly string[]; readonly because: string }[] {
  const byCase = groups(columns, (column) => column.toLowerCase());
  const byField = adjustsNames(template) ? groups(columns, fieldName) : [];
  return [
    ...byCase.map((names) => ({ columns: names, because: 'differ by case alone' })),
    ...byField.map((names) => ({ columns: names, because: 'are one field in Avro' })),
  ];
}

/** What Debezium 3.7 makes of a column's name with `field.name.adjustment.mode=avro`. */
export function fieldName(column: string): string {
  const legal = column.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return /^[0-9]/.test(legal) ? `_${legal}` : legal;
}

function adjustsNames(template: ConnectorConfig): boolean {
  return template['field.name.adjustment.mode'] === 'avro';
}

/** What Debezium 3.7 and its driver cannot carry in the name of a table or schema. */
function nameProblem(name: string): string[] {
  const because = (what: string, why: string) => [`a name with ${what} ${why}. Rename it first.`];
  if (/^"|"$/.test(name)) {
    return because(
      'a double quote at its beginning or end',
      'is taken for one in quotes by Debezium',
    );
  }
  if (/''|``/.test(name)) {
    return because('two quotes in a row', 'loses one of them in Debezium');
  }
  if (name.includes('\\')) {
    return because(
      'a backslash',
      'is not found by the database driver, for which that is an escape',
    );
  }
  if (/\p{Control}/u.test(name)) {
    return because('control characters', 'cannot stand in the settings of a connector');
  }
  return [];
}

/** @throws OperationError `BAD_NAME`, `COLUMNS_COLLIDE`, `LEADING_DIGIT`, `TOPICS_COLLIDE` */
export function assertNamesFit(
  table: TableName,
  {
    columns,
    template,
    prefix,
    captured,
    topics,
  }: {
    readonly columns: readonly string[];
    readonly template: ConnectorConfig;
    readonly prefix: string;
    readonly captured: readonly TableName[];
    /** Topics that there are. */
    readonly topics: readonly string[];
  },
): void {
  const name = formatTableName(table);
  const [problem] = [table.schema, table.table].flatMap(nameProblem);
  if (problem !== undefined) throw new OperationError('BAD_NAME', `${name}: ${problem}`);
  if (table.schema.includes('.')) {
    throw new OperationError(
      'BAD_NAME',
      `${name}: the schema's name has a dot, by which topics and Debezium part schema and table. Rename the schema first.`,
    );
  }
  const [colliding] = collidingColumns(columns, template);
  if (colliding !== undefined) {
    const list = colliding.columns.map((column) => `"${column}"`).join(' and ');
    throw new OperationError(
      'COLUMNS_COLLIDE',
      `Columns ${list} of ${name} ${colliding.because}, so none of its changes could be carried: rename one of them first.`,
    );
  }
  const digit = [table.schema, table.table].find((part) => /^[0-9]/.test(part));
  if (digit !== undefined && adjustsNames(template)) {
    throw new OperationError(
      'LEADING_DIGIT',
      `"${digit}" begins with a digit, and no reader of Avro takes such a name: rename it first.`,
    );
  }
  const others = captured
    .filter((other) => formatTableName(other) !== name)
    .map((other) => ({ topic: cdcTopic({ prefix, ...other }), of: formatTableName(other) }));
  const topic = cdcTopic({ prefix, ...table });
  const taken =
    others.find((other) => collide(other.topic, topic)) ??
    topics
      .filter((other) => other !== topic)
      .map((other) => ({ topic: other, of: undefined }))
      .find((other) => collide(other.topic, topic));
  if (taken === undefined) return;
  const owner = taken.of === undefined ? '' : ` of ${taken.of}`;
  const difference =
    taken.topic === topic ? 'is the same' : 'differs from it by . and _ alone, which Kafka refuses';
  throw new OperationError(
    'TOPICS_COLLIDE',
    `The topic of ${name} would be ${topic}; topic ${taken.topic}${owner} ${difference}. Rename the table or its schema first.`,
  );
}

/**
 * Tables whose topics Kafka can hold beside each other and beside what there is, and those that are left out for another.
 * The one that has its topic stays, otherwise the first.
 */
export function withoutCollidingTopics<T extends Pick<CapturedTable, 'schema' | 'table'>>(
  captured: readonly T[],
  { prefix, topics }: { readonly prefix: string; readonly topics: readonly string[] },
): {
  readonly kept: readonly T[];
  readonly left: readonly { readonly table: T; readonly topic: string }[];
} {
  const topicOf = (table: T) => cdcTopic({ prefix, ...table });
  const taken = new Map(topics.map((topic) => [unified(topic), topic]));
  const owned = new Set<string>();
  const kept = new Set<T>();
  const left: { table: T; topic: string }[] = [];
  for (const hasTopic of [true, false]) {
    for (const table of captured) {
      const topic = topicOf(table);
      if (topics.includes(topic) !== hasTopic) continue;
      const other = taken.get(unified(topic));
      if (owned.has(topic) || (other !== undefined && other !== topic)) {
        left.push({ table, topic: other ?? topic });
        continue;
      }
      owned.add(topic);
      taken.set(unified(topic), topic);
      kept.add(table);
    }
  }
  return { kept: captured.filter((table) => kept.has(table)), left };
}

/** Kafka's rule: metrics know no difference between a period and an underscore. */
function collide(a: string, b: string): boolean {
  return unified(a) === unified(b);
}

function unified(topic: string): string {
  return topic.replaceAll('.', '_');
}

function groups(names: readonly string[], keyOf: (name: string) => string): string[][] {
  const found = new Map<string, string[]>();
  for (const name of names) found.set(keyOf(name), [...(found.get(keyOf(name)) ?? []), name]);
  return [...found.values()].filter((group) => group.length > 1);
}
