import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@shelfcast/service-kit/clock';
import type { Pool } from 'pg';

/** Changes that were committed, and when: the first before its commit, the last after it. */
export interface Load {
  readonly changes: number;
  readonly fromUs: bigint;
  readonly toUs: bigint;
}

const TOUCH = 'update public.products set stock_quantity = (stock_quantity + 1) % 1000';

/**
 * Single-row updates, each its own transaction, on a timetable: a commit that takes long does not
 * put off those after it, so a slow moment is measured by all the changes it meets.
 */
export async function steadyUpdates(
  db: Pool,
  options: { rate: number; seconds: number; keys: readonly string[]; clock: Clock },
): Promise<Load> {
  const { rate, seconds, keys, clock } = options;
  const changes = Math.round(rate * seconds);
  const fromUs = toUs(clock());
  const startedAt = performance.now();
  const pending = new Set<Promise<unknown>>();
  for (let change = 0; change < changes; change += 1) {
    const dueInMs = startedAt + (change * 1000) / rate - performance.now();
    if (dueInMs > 0) await delay(dueInMs);
    const update = db.query({
      name: 'bench-touch',
      text: `${TOUCH} where product_id = $1`,
      values: [keys[change % keys.length]],
    });
    const done = update.finally(() => pending.delete(done));
    pending.add(done);
  }
  await Promise.all(pending);
  return { changes, fromUs, toUs: toUs(clock()) };
}

/** Updates of many rows per transaction, as fast as Postgres takes them on a few connections. */
export async function burst(
  db: Pool,
  options: {
    changes: number;
    rowsPerTransaction: number;
    connections: number;
    keys: readonly string[];
    clock: Clock;
  },
): Promise<Load> {
  const { changes, rowsPerTransaction, connections, keys, clock } = options;
  const fromUs = toUs(clock());
  let next = 0;
  async function write(): Promise<void> {
    while (next < changes) {
      const first = next;
      next = Math.min(changes, first + rowsPerTransaction);
      const rows = Array.from(
        { length: next - first },
        (_, row) => keys[(first + row) % keys.length],
      );
      await db.query({
        name: 'bench-touch-many',
        text: `${TOUCH} where product_id = any($1)`,
        values: [rows],
      });
    }
  }
  await Promise.all(Array.from({ length: connections }, write));
  return { changes, fromUs, toUs: toUs(clock()) };
}

export function toUs(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}
