import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { DeadLetter } from './dead-letters.ts';

/** A dead letter that was asked to be tried again, by its change. */
type Asked = Pick<DeadLetter, 'id' | 'entity' | 'key'>;

export interface RedriveOutcome {
  /** Keys whose oldest change took effect, or was given up. */
  readonly gone: number;
  /** Keys whose oldest change failed again, and why. */
  readonly failed: readonly (Asked & {
    readonly errorType: string;
    readonly errorMessage: string;
  })[];
  /** Keys that have not been tried yet. */
  readonly untried: number;
}

const POLL_MS = 200;

/** Waits until all that was asked to be tried again has been tried, or the time is over. */
export async function redriveOutcome(
  pool: Pick<Pool, 'query'>,
  asked: readonly Asked[],
  timeoutMs: number,
): Promise<RedriveOutcome> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const outcome = await look(pool, asked);
    if (outcome.untried === 0 || performance.now() > deadlineMs) return outcome;
    await delay(POLL_MS);
  }
}

async function look(pool: Pick<Pool, 'query'>, asked: readonly Asked[]): Promise<RedriveOutcome> {
  const { rows } = await pool.query<
    Asked & { error_type: string; error_message: string; tried: boolean }
  >(
    `select c.id::text, k.entity, k.key, k.error_type, k.error_message, k.attempts > 0 as tried
     from runtime.parked_changes c join runtime.parked_keys k using (consumer, entity, key)
     where c.id = any($1::bigint[])`,
    [asked.map(({ id }) => id)],
  );
  return {
    gone: asked.length - rows.length,
    failed: rows
      .filter(({ tried }) => tried)
      .map(({ id, entity, key, error_type, error_message }) => ({
        id,
        entity,
        key,
        errorType: error_type,
        errorMessage: error_message,
      })),
    untried: rows.filter(({ tried }) => !tried).length,
  };
}
