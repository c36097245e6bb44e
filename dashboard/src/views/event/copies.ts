import type { DecodedRecord } from '@shelfcast/schemas/monitor/timeline';
import { isObject } from '../../lib/api/problem.ts';

/**
 * The SQL that makes the same change; undefined where there is none: a manual event, or a row that was not read.
 * Values are literals of text, which Postgres turns into what the column is.
 */
export function asSql({ op, before, after, key, source }: DecodedRecord): string | undefined {
  const table = tableOf(source);
  if (table === undefined) return undefined;
  if (op === 't') return `truncate ${table};`;
  const where = isObject(key) ? conditions(key) : undefined;
  if (op === 'd') return where === undefined ? undefined : `delete from ${table}\n where ${where};`;
  if (!isObject(after)) return undefined;
  if (op === 'c' || op === 'r') {
    const columns = Object.keys(after);
    const values = columns.map((column) => literal(after[column]));
    return `insert into ${table} (${columns.map(name).join(', ')})\nvalues (${values.join(', ')});`;
  }
  if (where === undefined) return undefined;
  const old = isObject(before) ? before : {};
  const changed = Object.keys(after).filter(
    (column) => JSON.stringify(after[column]) !== JSON.stringify(old[column]),
  );
  if (changed.length === 0) return undefined;
  const settings = changed.map((column) => `${name(column)} = ${literal(after[column])}`);
  return `update ${table}\n   set ${settings.join(',\n       ')}\n where ${where};`;
}

/**
 * The command that asks for the same once more: a manual event is sent under its own id, so that it has no second
 * effect; of a captured change the whole way is read.
 * @param origin of the dashboard, which hands on to producer API and monitor
 */
export function asCurl(
  record: Pick<DecodedRecord, 'topic' | 'op' | 'after'> | undefined,
  { origin, eventId }: { readonly origin: string; readonly eventId: string },
): string {
  if (record === undefined || record.op !== null || !isObject(record.after)) {
    return `curl ${shell(`${origin}/api/events/${encodeURIComponent(eventId)}`)}`;
  }
  const event = JSON.stringify({ topic: record.topic, data: record.after });
  return [
    `curl ${shell(`${origin}/producer/events`)}`,
    `  -H 'content-type: application/json'`,
    `  -H ${shell(`idempotency-key: ${eventId}`)}`,
    `  -d ${shell(event)}`,
  ].join(' \\\n');
}

function tableOf(source: unknown): string | undefined {
  if (!isObject(source) || typeof source.table !== 'string') return undefined;
  const schema = typeof source.schema === 'string' ? `${name(source.schema)}.` : '';
  return `${schema}${name(source.table)}`;
}

function conditions(key: Readonly<Record<string, unknown>>): string {
  return Object.entries(key)
    .map(([column, value]) => `${name(column)} = ${literal(value)}`)
    .join(' and ');
}

function name(identifier: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(identifier)
    ? identifier
    : `"${identifier.replaceAll('"', '""')}"`;
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number') return `${value}`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.replaceAll("'", "''")}'`;
}

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
