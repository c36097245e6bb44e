import type { DeadLetterItem } from '@shelfcast/schemas/monitor/operations';
import type { Pool } from 'pg';
import { oldestParked, type ParkedChange } from './store.ts';

/** The oldest change of a key that waits, as the monitor answers it; the others of the key are behind it. */
export type DeadLetter = DeadLetterItem;

export interface DeadLetterQuery {
  readonly consumer?: string | undefined;
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly errorType?: string | undefined;
  readonly id?: string | undefined;
  /** Only those after this one, in the order of the list. */
  readonly after?: { readonly parkedAt: string; readonly id: string };
  readonly limit: number;
}

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';

/** What could not be applied, the longest parked first. */
export async function listDeadLetters(
  pool: Pick<Pool, 'query'>,
  query: DeadLetterQuery,
): Promise<DeadLetter[]> {
  const { rows } = await pool.query<DeadLetter>(
    `select c.id::text, k.consumer, k.entity, k.key, k.state, k.attempts, k.redrives,
            to_char(k.parked_at at time zone 'utc', '${ISO}') as "parkedAt",
            case when k.state = 'retrying'
              then to_char(k.next_attempt_at at time zone 'utc', '${ISO}') end as "nextAttemptAt",
            k.error_type as "errorType", k.error_message as "errorMessage",
            (select count(*)::int from runtime.parked_changes b
             where b.consumer = k.consumer and b.entity = k.entity and b.key = k.key) as waiting,
            c.change_id as "eventId", c.topic, c.partition, c."offset"::text as "offset"
     from runtime.parked_keys k cross join lateral (
       select * from runtime.parked_changes c
       where c.consumer = k.consumer and c.entity = k.entity and c.key = k.key order by id limit 1) c
     where ($1::text is null or k.consumer = $1) and ($2::text is null or k.entity = $2)
       and ($3::text is null or k.key = $3) and ($4::text is null or k.error_type = $4)
       and ($5::bigint is null or c.id = $5)
       and ($6::timestamptz is null or (k.parked_at, c.id) > ($6, $7::bigint))
     order by k.parked_at, c.id limit $8`,
    [
      query.consumer ?? null,
      query.entity ?? null,
      query.key ?? null,
      query.errorType ?? null,
      query.id ?? null,
      query.after?.parkedAt ?? null,
      query.after?.id ?? null,
      query.limit,
    ],
  );
  return rows;
}

/** The changes of a dead letter's key that wait, the oldest first, with their records: the first one, and as many as fit. */
export async function parkedBehind(
  pool: Pick<Pool, 'query'>,
  letter: Pick<DeadLetter, 'consumer' | 'entity' | 'key'>,
  { changes, bytes }: { readonly changes: number; readonly bytes: number },
): Promise<ParkedChange[]> {
  const { consumer, entity, key } = letter;
  const { rows } = await pool.query<{ fitting: number }>(
    `select count(*)::int as fitting from (
       select row_number() over oldest as nr, sum(octet_length(record_value)) over oldest as bytes
       from runtime.parked_changes where consumer = $1 and entity = $2 and key = $3
       window oldest as (order by id) order by id limit $4) as waiting
     where nr = 1 or coalesce(bytes, 0) <= $5`,
    [consumer, entity, key, changes, bytes],
  );
  return await oldestParked(pool, consumer, letter, rows[0]?.fitting ?? 0);
}

/** How many keys wait, by consumer and state. */
export async function countDeadLetters(
  pool: Pick<Pool, 'query'>,
): Promise<{ consumer: string; state: DeadLetter['state']; keys: number }[]> {
  const { rows } = await pool.query<{ consumer: string; state: DeadLetter['state']; keys: number }>(
    'select consumer, state, count(*)::int as keys from runtime.parked_keys group by consumer, state',
  );
  return rows;
}

export interface Pause {
  readonly consumer: string;
  readonly reason: string;
  readonly pausedBy: string;
  /** ISO 8601, UTC. */
  readonly pausedAt: string;
}

/** Paused consumers. */
export async function listPauses(pool: Pick<Pool, 'query'>): Promise<Pause[]> {
  const { rows } = await pool.query<Pause>(
    `select consumer, reason, paused_by as "pausedBy",
            to_char(paused_at at time zone 'utc', '${ISO}') as "pausedAt"
     from runtime.pauses order by consumer`,
  );
  return rows;
}
