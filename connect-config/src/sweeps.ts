import { encodePosition, type Position } from '@shelfcast/schemas/position';
import type pg from 'pg';
import { z } from 'zod';
import { OperationError } from './connect-error.ts';
import type { Watermark } from './initial-snapshot.ts';

type Consumers = Pick<pg.Pool, 'query'>;

const UNDEFINED_TABLE = '42P01';
const INVALID_SCHEMA = '3F000';
const CHECK_VIOLATION = '23514';

/** A read model being rebuilt (`catalogue@next`) is not asked: it is swept as its consumer, if it becomes that. */
const IS_CONSUMER = "consumer not like '%@%'";

/** Every consumer that ever ran on this database; none where no consumer did. */
export async function listConsumers(db: Consumers): Promise<string[]> {
  try {
    const { rows } = await db.query<{ consumer: string }>(
      `select distinct consumer from runtime.floors where ${IS_CONSUMER} order by consumer`,
    );
    return rows.map(({ consumer }) => consumer);
  } catch (error) {
    const code = codeOf(error);
    if (code === UNDEFINED_TABLE || code === INVALID_SCHEMA) return [];
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** The newest epoch of which a consumer has applied a change; 0 where there is none. */
export async function newestAppliedEpoch(db: Consumers): Promise<bigint> {
  // CDC positions begin with the epoch in 16 hex digits; those of manual events with an m.
  const { rows } = await db.query<{ position: string | null }>(
    `select max(position) as position from runtime.guards where position > '' and position < 'm'`,
  );
  const position = rows[0]?.position;
  return position == null ? 0n : BigInt(`0x${position.slice(0, 16)}`);
}

/** Consumers that hold keys of these entities which were last seen in an earlier epoch. */
export async function consumersBehind(
  db: Consumers,
  epoch: bigint,
  entities: readonly string[],
): Promise<string[]> {
  const lowest = encodePosition({ epoch, sequence: [null, null], snapshot: true });
  const { rows } = await db.query<{ consumer: string }>(
    `select distinct consumer from runtime.guards
     where entity = any($2) and position > '' and position < $1 and not deleted and not parked and ${IS_CONSUMER}
     order by consumer`,
    [lowest, entities],
  );
  return rows.map(({ consumer }) => consumer);
}

export interface SweepRequest {
  readonly consumers: readonly string[];
  /** What is gone: keys that were not seen again since. */
  readonly since: SweepAfterEpoch | SweepAfterRead;
  readonly entities: readonly string[];
  /** Ends of the topics once all that was read is in them. */
  readonly watermarks: readonly Watermark[];
  /** The most keys that each consumer may remove although they are many. */
  readonly confirmed: number;
  readonly requestedBy: string;
}

/** After a full snapshot under a new epoch. */
export interface SweepAfterEpoch {
  readonly epoch: bigint;
}

/** After some tables were read again. */
export interface SweepAfterRead {
  /** Position of the request, as the stream has it. */
  readonly floor: Position;
  readonly requestedAtMs: number;
  /** Ends of the topics at the request. */
  readonly requestedFrom: readonly Watermark[];
}

/**
 * Asks each consumer to sweep. One that has not done an earlier request of the same epoch yet is not asked twice: that
 * request becomes this one.
 * @returns the ids of the commands, by consumer
 * @throws OperationError `CONSUMERS_TOO_OLD`
 */
export async function requestSweeps(
  db: Consumers,
  request: SweepRequest,
): Promise<ReadonlyMap<string, string>> {
  const { consumers, since, requestedBy } = request;
  const epoch = 'epoch' in since ? String(since.epoch) : null;
  const args = JSON.stringify({
    ...('epoch' in since
      ? { epoch }
      : {
          floor: since.floor,
          goneAtMs: since.requestedAtMs,
          requestedFrom: since.requestedFrom.map(asText),
        }),
    entities: request.entities,
    watermarks: request.watermarks.map(asText),
    confirmed: request.confirmed,
  });
  const asked = db.query<{ id: string; consumer: string }>(
    `with pending as (
       update runtime.commands set arguments = $2 where consumer = any($1) and kind = 'sweep' and state = 'pending'
         and arguments ->> 'epoch' = $4 returning id, consumer
     ), asked as (
       insert into runtime.commands (consumer, kind, arguments, requested_by)
       select name, 'sweep', $2, $3 from unnest($1::text[]) as c(name)
       where name not in (select consumer from pending) returning id, consumer
     )
     select id::text, consumer from pending union all select id::text, consumer from asked`,
    [consumers, args, requestedBy, epoch],
  );
  const { rows } = await asked.catch((cause: unknown) => {
    if (codeOf(cause) !== CHECK_VIOLATION) throw cause;
    throw new OperationError(
      'CONSUMERS_TOO_OLD',
      'The consumers that run do not know how to sweep yet: make stop && make start brings them up to date, and make resync again finishes the rest.',
      { cause },
    );
  });
  return new Map(rows.map(({ consumer, id }) => [consumer, id]));
}

function asText(mark: Watermark): object {
  return { ...mark, offset: String(mark.offset) };
}

const resultSchema = z.object({
  /** Records the consumer has to handle before it sweeps. */
  behind: z.number().optional(),
  done: z.number().optional(),
  refused: z
    .array(z.object({ entity: z.string(), key: z.string(), reason: z.string() }))
    .default([]),
  error: z.string().optional(),
  /** Of a sweep that was refused: how many keys it would have removed. */
  gone: z.number().optional(),
});

export interface SweepState {
  readonly consumer: string;
  readonly state: 'pending' | 'done' | 'failed';
  readonly result: z.output<typeof resultSchema>;
  /** Why the consumer was paused, if it is. */
  readonly pausedBecause: string | null;
}

/** How far sweeps are. @param ids of the commands */
export async function sweepStates(db: Consumers, ids: readonly string[]): Promise<SweepState[]> {
  const { rows } = await db.query(
    `select c.consumer, c.state, coalesce(c.result, '{}')::text as result, p.reason
     from runtime.commands c left join runtime.pauses p using (consumer)
     where c.id = any($1::bigint[]) order by c.consumer`,
    [ids],
  );
  return rows.map(({ consumer, state, result, reason }) => ({
    consumer,
    state,
    result: resultSchema.parse(JSON.parse(result)),
    pausedBecause: reason,
  }));
}
