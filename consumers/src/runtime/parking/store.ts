import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import type { ClientBase } from 'pg';
import { z } from 'zod';

/** As `runtime.parked_changes` holds it. */
const storedEdit = z.record(z.string(), z.unknown());

/** A key of a consumer's. */
export interface KeyRef {
  readonly entity: string;
  readonly key: string;
}

/** A record to be parked under a key. */
export interface ToPark extends KeyRef {
  readonly record: KafkaRecord;
  /** Null where the record could not be read. */
  readonly changeId: string | null;
}

/** A parked record, as it came. */
export interface ParkedChange {
  readonly id: bigint;
  readonly changeId: string | null;
  readonly record: KafkaRecord;
  /** Columns that replace those of the record, as JSON values. */
  readonly edit: Readonly<Record<string, unknown>> | null;
}

/** A key that waits, and why. */
export interface ParkedKey extends KeyRef {
  readonly state: 'retrying' | 'dead';
  /** Failures of the oldest change, the one that made it wait included. */
  readonly attempts: number;
  readonly redrives: number;
}

export interface Failure {
  readonly type: string;
  readonly message: string;
}

const MAX_MESSAGE_LENGTH = 2_000;

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { type: 'Error', message: storable(String(error)) };
  return { type: error.name, message: storable(error.message) };
}

/** Postgres' text has no NUL, and what an error quotes may. */
function storable(text: string): string {
  return text.slice(0, MAX_MESSAGE_LENGTH).replaceAll('\u0000', '\ufffd');
}

/** Appends records to the queues of their keys; one that is there already stays as it is. The keys' guards are locked. */
export async function appendParked(
  tx: ClientBase,
  consumer: string,
  entries: readonly ToPark[],
): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(
    `insert into runtime.parked_changes
       (consumer, entity, key, change_id, topic, partition, "offset", record_key, record_value, headers, timestamp_ms)
     select $1, e.entity, e.key, e.change_id, e.topic, e.partition, e."offset", e.record_key, e.record_value,
            e.headers::jsonb, e.timestamp_ms
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bytea[], $9::bytea[],
                 $10::text[], $11::bigint[]) with ordinality
       as e(entity, key, change_id, topic, partition, "offset", record_key, record_value, headers, timestamp_ms, nr)
     order by e.nr
     on conflict (consumer, topic, partition, "offset") do nothing`,
    [
      consumer,
      entries.map(({ entity }) => entity),
      entries.map(({ key }) => key),
      entries.map(({ changeId }) => changeId),
      entries.map(({ record }) => record.topic),
      entries.map(({ record }) => record.partition),
      entries.map(({ record }) => record.offset.toString()),
      entries.map(({ record }) => record.key),
      entries.map(({ record }) => record.value),
      entries.map(({ record }) => headersText(record.headers)),
      entries.map(({ record }) => record.timestampMs),
    ],
  );
}

/** Parks a key because of this record; where it is parked already, the record waits behind what is there. */
export async function parkKey(
  tx: ClientBase,
  consumer: string,
  entry: ToPark,
  failure: Failure,
  nextAttemptMs: number,
): Promise<void> {
  const { entity, key } = entry;
  await tx.query(
    `insert into runtime.guards (consumer, entity, key, position, parked) values ($1, $2, $3, '', true)
     on conflict (consumer, entity, runtime.bounded(key)) do update set parked = true`,
    [consumer, entity, key],
  );
  await tx.query(
    `insert into runtime.parked_keys
       (consumer, entity, key, state, attempts, next_attempt_at, error_type, error_message)
     values ($1, $2, $3, 'retrying', 1, to_timestamp($4 / 1000.0), $5, $6)
     on conflict (consumer, entity, runtime.bounded(key)) do nothing`,
    [consumer, entity, key, nextAttemptMs, failure.type, failure.message],
  );
  await appendParked(tx, consumer, [entry]);
}

/** Keys whose oldest change is to be tried again now, the longest due first. Not locked. */
export async function dueKeys(
  db: Pick<ClientBase, 'query'>,
  consumer: string,
  nowMs: number,
  limit: number,
): Promise<KeyRef[]> {
  const { rows } = await db.query<KeyRef>(
    `select entity, key from runtime.parked_keys
     where consumer = $1 and state = 'retrying' and next_attempt_at <= to_timestamp($2 / 1000.0)
     order by next_attempt_at limit $3`,
    [consumer, nowMs, limit],
  );
  return rows;
}

/** Attempts that a process may die of, or beside, until the change is held to be the cause. */
export const MAX_UNFINISHED = 3;

/** Notes of a key that was just parked that its oldest change ends processes: it is not tried again by itself. */
export async function markDeadly(
  tx: ClientBase,
  consumer: string,
  { entity, key }: KeyRef,
): Promise<void> {
  await tx.query(
    `update runtime.parked_keys set unfinished = $4, next_attempt_at = now()
     where consumer = $1 and entity = $2 and key = $3`,
    [consumer, entity, key, MAX_UNFINISHED],
  );
}

/**
 * Takes a due key for one attempt. No other process tries the key before `untilMs`, nor while the attempt holds the key's
 * guard, however long that lasts; if the process dies of it, the lock ends with its session.
 * @returns how many attempts had no end before this one; undefined when another process has taken the key
 */
export async function takeDueKey(
  db: Pick<ClientBase, 'query'>,
  consumer: string,
  { entity, key }: KeyRef,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): Promise<number | undefined> {
  const { rows } = await db.query<{ unfinished: number }>(
    `update runtime.parked_keys as k
     set unfinished = k.unfinished + 1, next_attempt_at = to_timestamp($5::float8 / 1000.0)
     from (select from runtime.guards
           where consumer = $1 and entity = $2 and key = $3 and parked for update skip locked) as unattempted
     where k.consumer = $1 and k.entity = $2 and k.key = $3 and k.state = 'retrying'
       and k.next_attempt_at <= to_timestamp($4::float8 / 1000.0)
     returning old.unfinished`,
    [consumer, entity, key, nowMs, untilMs],
  );
  return rows[0]?.unfinished;
}

/** Puts a key back that was taken: its next attempt is due at once. */
export async function returnKey(
  db: Pick<ClientBase, 'query'>,
  consumer: string,
  { entity, key }: KeyRef,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update runtime.parked_keys set unfinished = 0, next_attempt_at = to_timestamp($4::float8 / 1000.0)
     where consumer = $1 and entity = $2 and key = $3 and state = 'retrying'`,
    [consumer, entity, key, nowMs],
  );
}

/** A parked key whose guard is now locked by this transaction. */
export interface LockedKey extends ParkedKey {
  readonly position: string;
  /** Whether the change at that position deleted the key. */
  readonly deleted: boolean;
  readonly floor: string;
}

/**
 * Locks a parked key.
 * @param wait for the transaction that holds its lock, for some seconds
 * @returns undefined when another transaction holds its lock, or it waits no longer
 */
export async function lockParkedKey(
  tx: ClientBase,
  consumer: string,
  { entity, key }: KeyRef,
  { wait = false }: { readonly wait?: boolean } = {},
): Promise<LockedKey | undefined> {
  if (wait) await tx.query("set local lock_timeout = '5s'");
  const { rows: guards } = await tx.query<{ position: string; deleted: boolean }>(
    `select position, deleted from runtime.guards
     where consumer = $1 and entity = $2 and key = $3 and parked for update ${wait ? '' : 'skip locked'}`,
    [consumer, entity, key],
  );
  const [guard] = guards;
  if (guard === undefined) return undefined;
  const { rows } = await tx.query<ParkedKey & { floor: string | null }>(
    `select k.entity, k.key, k.state, k.attempts, k.redrives, f.position as floor
     from runtime.parked_keys k left join runtime.floors f using (consumer, entity)
     where k.consumer = $1 and k.entity = $2 and k.key = $3`,
    [consumer, entity, key],
  );
  const [parked] = rows;
  return parked && { ...parked, ...guard, floor: parked.floor ?? '' };
}

interface ParkedRow {
  readonly id: bigint;
  readonly change_id: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly record_key: Buffer | null;
  readonly record_value: Buffer | null;
  readonly headers: string;
  readonly timestamp_ms: bigint;
  readonly edit: string | null;
}

/** The oldest changes of a key, in the order in which they are to be applied. */
export async function oldestParked(
  db: Pick<ClientBase, 'query'>,
  consumer: string,
  { entity, key }: KeyRef,
  limit: number,
): Promise<ParkedChange[]> {
  const { rows } = await db.query<ParkedRow>(
    `select id, change_id, topic, partition, "offset", record_key, record_value, headers, timestamp_ms, edit
     from runtime.parked_changes where consumer = $1 and entity = $2 and key = $3 order by id limit $4`,
    [consumer, entity, key, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    changeId: row.change_id,
    record: {
      topic: row.topic,
      partition: row.partition,
      offset: row.offset,
      key: row.record_key,
      value: row.record_value,
      headers: headersFrom(row.headers),
      timestampMs: Number(row.timestamp_ms),
    },
    edit: row.edit === null ? null : storedEdit.parse(JSON.parse(row.edit)),
  }));
}

/** Removes changes that took effect or were given up, and notes the key's new position. */
export async function settleParked(
  tx: ClientBase,
  consumer: string,
  { entity, key }: KeyRef,
  ids: readonly bigint[],
  { position, deleted }: { readonly position: string; readonly deleted: boolean },
): Promise<void> {
  await tx.query(`delete from runtime.parked_changes where id = any($1::bigint[])`, [
    ids.map(String),
  ]);
  await tx.query(
    `update runtime.guards set position = $4, deleted = $5 where consumer = $1 and entity = $2 and key = $3`,
    [consumer, entity, key, position, deleted],
  );
}

/** Lets a key go whose queue is empty: its next change is handled at once. */
export async function releaseKey(
  tx: ClientBase,
  consumer: string,
  { entity, key }: KeyRef,
): Promise<void> {
  const place = [consumer, entity, key];
  await tx.query(
    `delete from runtime.parked_keys where consumer = $1 and entity = $2 and key = $3`,
    place,
  );
  await tx.query(
    `update runtime.guards set parked = false where consumer = $1 and entity = $2 and key = $3`,
    place,
  );
}

/** Notes that the oldest change failed again. */
export async function noteFailure(
  tx: ClientBase,
  consumer: string,
  { entity, key }: KeyRef,
  next: {
    readonly state: 'retrying' | 'dead';
    readonly attempts: number;
    readonly nextAttemptMs: number;
    readonly failure: Failure;
  },
): Promise<void> {
  const { state, attempts, nextAttemptMs, failure } = next;
  await tx.query(
    `update runtime.parked_keys
     set state = $4, attempts = $5, unfinished = 0, next_attempt_at = to_timestamp($6 / 1000.0), error_type = $7, error_message = $8
     where consumer = $1 and entity = $2 and key = $3`,
    [consumer, entity, key, state, attempts, nextAttemptMs, failure.type, failure.message],
  );
}

function headersText(headers: KafkaRecord['headers']): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [
        // A jsonb takes no NUL.
        name.replaceAll('\u0000', '\ufffd'),
        values.map((value) => value.toString('base64')),
      ]),
    ),
  );
}

function headersFrom(text: string): KafkaRecord['headers'] {
  const headers: Record<string, string[]> = JSON.parse(text); // zod would drop one named __proto__
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      values.map((value) => Buffer.from(value, 'base64')),
    ]),
  );
}
