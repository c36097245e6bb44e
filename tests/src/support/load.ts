import { setTimeout as delay } from 'node:timers/promises';
import { isRetriableDatabaseError } from '@shelfcast/service-kit/postgres/errors';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';

/** Edits under way on products whose ids begin with the load's prefix. */
export interface Load {
  /** Changes committed so far; cascades not counted. */
  committed(): number;
  /** The newest version given to a change, committed or not. */
  lastVersion(): number;
  /** When a version (`stock_quantity`) was committed, Unix milliseconds. */
  readonly committedAtMs: ReadonlyMap<number, number>;
  /** Ends after the changes in hand; repeating it is harmless. Rejects with what stopped a writer before its time. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly url: string;
  readonly changesPerSecond: number;
  readonly prefix: string;
  /** Each with keys of its own, so that versions of a key are committed in their order. Default 4. */
  readonly writers?: number;
  /** Default 100. */
  readonly keysPerWriter?: number;
}

const RETRY_PAUSE_MS = 50;

/**
 * Inserts, updates, deletes, changes of primary keys and discounts, at a steady rate. Every change has a version
 * of its own, in `stock_quantity`. While the database is away a writer repeats its change until it is committed;
 * each change is such that one which was committed after all does no harm when repeated.
 */
export function startLoad(options: LoadOptions): Load {
  const { url, changesPerSecond, prefix, writers = 4, keysPerWriter = 100 } = options;
  const pool = createPool({ url, max: writers, applicationName: 'load', log: silentLogger() });
  const committedAtMs = new Map<number, number>();
  let versions = 0;
  let committed = 0;
  let stopping = false;

  async function write(writer: number): Promise<void> {
    const keys = Array.from({ length: keysPerWriter }, (_, nr) => `${prefix}-${writer}-${nr}`);
    const present = new Set<string>();
    const intervalMs = (1_000 * writers) / changesPerSecond;
    let dueMs = performance.now() + Math.random() * intervalMs;
    while (!stopping) {
      await delay(Math.max(0, dueMs - performance.now()));
      dueMs = Math.max(dueMs + intervalMs, performance.now() - 1_000);
      versions += 1;
      const version = versions;
      committed += await untilCommitted(pool, nextChange(keys, present, version), () => stopping);
      committedAtMs.set(version, Date.now());
    }
  }

  const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  // `stop` rejects with it; until then it must not count as an unhandled rejection.
  writing.catch(() => {});
  let stopped: Promise<void> | undefined;
  return {
    committed: () => committed,
    lastVersion: () => versions,
    committedAtMs,
    stop() {
      stopping = true;
      stopped ??= writing.then(() => undefined).finally(() => pool.end());
      return stopped;
    },
  };
}

interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

function nextChange(keys: readonly string[], present: Set<string>, version: number): Statement {
  const key = pick(keys);
  const dice = Math.random();
  if (!present.has(key) || dice < 0.1) {
    present.add(key);
    return {
      sql: `insert into products (product_id, name, price, stock_quantity) values ($1, 'Load', $3, $2)
        on conflict (product_id) do update set price = excluded.price, stock_quantity = excluded.stock_quantity`,
      values: [key, version, price(version)],
    };
  }
  if (dice < 0.65) {
    return {
      sql: 'update products set price = $3, stock_quantity = $2 where product_id = $1',
      values: [key, version, price(version)],
    };
  }
  if (dice < 0.75) {
    return {
      sql: `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
        select product_id || '-D', product_id, 'load', $2::int % 100 from products where product_id = $1
        on conflict (discount_id) do update
          set product_id = excluded.product_id, discount_percentage = excluded.discount_percentage`,
      values: [key, version],
    };
  }
  present.delete(key);
  const free = keys.filter((other) => other !== key && !present.has(other));
  if (dice < 0.9 && free.length > 0) {
    const renamed = pick(free);
    present.add(renamed);
    return {
      sql: 'update products set product_id = $3, stock_quantity = $2 where product_id = $1',
      values: [key, version, renamed],
    };
  }
  return { sql: 'delete from products where product_id = $1', values: [key] };
}

/** Rows changed. */
async function untilCommitted(
  pool: Pool,
  { sql, values }: Statement,
  givenUp: () => boolean,
): Promise<number> {
  for (;;) {
    try {
      return (await pool.query(sql, [...values])).rowCount ?? 0;
    } catch (error) {
      if (!isRetriableDatabaseError(error) || givenUp()) throw error;
      await delay(RETRY_PAUSE_MS);
    }
  }
}

function pick(from: readonly string[]): string {
  const picked = from[Math.floor(Math.random() * from.length)];
  if (picked === undefined) throw new RangeError('there is nothing to pick from');
  return picked;
}

function price(version: number): string {
  return `${(version % 1_000) + 1}.${String(version % 100).padStart(2, '0')}`;
}
