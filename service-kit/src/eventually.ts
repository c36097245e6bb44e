import { setTimeout as sleep } from 'node:timers/promises';
import { within } from './deadline.ts';

export interface EventuallyOptions {
  /** What is waited for, for the failure's message: "the catalogue's price to be 17.90". */
  readonly what: string;
  /** Default 30,000 ms: a wait that succeeds costs only what it takes. */
  readonly timeoutMs?: number;
  /** Pause between tries, default 50 ms. */
  readonly intervalMs?: number;
}

/**
 * Tries until `attempt` neither throws nor returns false, and returns what it returned. The first
 * try is immediate.
 *
 * @throws Error naming what was waited for, with the last failure as its cause
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { what, timeoutMs = 30_000, intervalMs = 50 }: EventuallyOptions,
): Promise<Exclude<T, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const outcome = await settle(attempt, deadline);
    if (outcome.held) return outcome.value;
    if (performance.now() + intervalMs > deadline) {
      throw new Error(
        `waited ${timeoutMs} ms for ${what}: ${describe(outcome.error)}`,
        outcome.error === undefined ? undefined : { cause: outcome.error },
      );
    }
    await sleep(intervalMs);
  }
}

type Outcome<T> = { held: true; value: Exclude<T, false> } | { held: false; error?: unknown };

async function settle<T>(attempt: () => T | Promise<T>, deadline: number): Promise<Outcome<T>> {
  try {
    const value = await within(
      Promise.resolve().then(attempt),
      deadline - performance.now(),
      () => new Error('the last try did not end'),
    );
    return isTrue(value) ? { held: true, value } : { held: false };
  } catch (error) {
    return { held: false, error };
  }
}

function isTrue<T>(value: T): value is Exclude<T, false> {
  return value !== false;
}

function describe(error: unknown): string {
  if (error === undefined) return 'it did not become true';
  if (!(error instanceof Error)) return String(error);
  // What an assertion compared says more than its message.
  const { details } = error as { details?: unknown };
  return typeof details === 'string' ? `${error.message}\n${details}` : error.message;
}
