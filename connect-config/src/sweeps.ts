import { encodePosition } from '@shelfcast/schemas/position';
import type pg from 'pg';
import { z } from 'zod';
import { OperationError } from './connect-error.ts';
import type { Watermark } from './initial-snapshot.ts';

type Consumers = Pick<pg.Pool, 'query'>;

const UNDEFINED_TABLE = '42P01';
const INVALID_SCHEMA = '3F000';
const CHECK_VIOLATION = '23514';

/** A read model being rebuilt (`catalogue@next`) is nobody to ask: it is swept as its consumer, if it becomes that. */
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
     where entity = any($2) and position > '' and position < $1 and not parked and ${IS_CONSUMER}
     order by consumer`,
    [lowest, entities],
  );
  return rows.map(({ consumer }) => consumer);
}

export interface SweepRequest {
  readonly consumers: readonly string[];
  readonly epoch: bigint;
  readonly entities: readonly string[];
  readonly watermarks: readonly Watermark[];
  readonly requestedBy: string;
}

/**
 * Asks each consumer to sweep; one that has not done an earlier request of the same epoch yet is not asked twice.
 * @throws OperationError `CONSUMERS_TOO_OLD`
 */
export async function requestSweeps(db: Consumers, request: SweepRequest): Promise<void> {
  const { consumers, epoch, entities, requestedBy } = request;
  const watermarks = request.watermarks.map((mark) => ({ ...mark, offset: String(mark.offset) }));
  const asked = db.query(
    `insert into runtime.commands (consumer, kind, arguments, requested_by)
     select c.name, 'sweep', $2, $3 from unnest($1::text[]) as c(name)
     where not exists (select from runtime.commands p where p.consumer = c.name and p.kind = 'sweep'
       and p.state = 'pending' and p.arguments ->> 'epoch' = $4)`,
    [
      consumers,
      JSON.stringify({ epoch: String(epoch), entities, watermarks }),
      requestedBy,
      String(epoch),
    ],
  );
  await asked.catch((cause: unknown) => {
    if (codeOf(cause) !== CHECK_VIOLATION) throw cause;
    throw new OperationError(
      'CONSUMERS_TOO_OLD',
      'The consumers that run do not know how to sweep yet: make stop && make start brings them up to date, and make resync again finishes the rest.',
      { cause },
    );
  });
}

const resultSchema = z.object({
  /** Records the consumer has to handle before it sweeps. */
  behind: z.number().optional(),
  done: z.number().optional(),
  refused: z
    .array(z.object({ entity: z.string(), key: z.string(), reason: z.string() }))
    .default([]),
  error: z.string().optional(),
});

export interface SweepState {
  readonly consumer: string;
  readonly state: 'pending' | 'done' | 'failed';
  readonly result: z.output<typeof resultSchema>;
  /** Why the consumer was paused, if it is. */
  readonly pausedBecause: string | null;
}

/** How far each consumer's newest sweep of the epoch is. */
export async function sweepStates(db: Consumers, epoch: bigint): Promise<SweepState[]> {
  const { rows } = await db.query(
    `select distinct on (c.consumer) c.consumer, c.state, coalesce(c.result, '{}')::text as result, p.reason
     from runtime.commands c left join runtime.pauses p using (consumer)
     where c.kind = 'sweep' and c.arguments ->> 'epoch' = $1 order by c.consumer, c.id desc`,
    [String(epoch)],
  );
  return rows.map(({ consumer, state, result, reason }) => ({
    consumer,
    state,
    result: resultSchema.parse(JSON.parse(result)),
    pausedBecause: reason,
  }));
}
