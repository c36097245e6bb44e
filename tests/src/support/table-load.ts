import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Load } from './load.ts';

export interface TableLoadOptions {
  readonly url: string;
  /** With columns `id` (int, the key) and `note`. */
  readonly table: string;
  /** It has the ids 1 to this. */
  readonly rows: number;
  readonly changesPerSecond: number;
}

const WRITERS = 4;

/** Inserts, updates, deletes and changes of the key all over one table, at a steady rate. */
export function startTableLoad({
  url,
  table,
  rows,
  changesPerSecond,
}: TableLoadOptions): Pick<Load, 'committed' | 'stop'> {
  const pool = createPool({ url, max: WRITERS, applicationName: 'load', log: silentLogger() });
  const near = `(select id from ${table} where id >= $1 order by id limit 1)`;
  const statements = [
    `insert into ${table} values ($1, 'made') on conflict (id) do update set note = 'made again'`,
    `update ${table} set note = 'changed' where id = ${near}`,
    `delete from ${table} where id = ${near}`,
    `update ${table} set id = $1 where id = ${near} and not exists (select from ${table} where id = $1)`,
  ];
  let committed = 0;
  let stopping = false;

  async function write(writer: number): Promise<void> {
    const intervalMs = (1_000 * WRITERS) / changesPerSecond;
    let dueMs = performance.now();
    for (let nr = writer; !stopping; nr += 1) {
      await delay(Math.max(0, dueMs - performance.now()));
      dueMs = Math.max(dueMs + intervalMs, performance.now() - 1_000);
      // Each writer has ids of its own to make, so that no two of them do.
      const id = WRITERS * Math.ceil((Math.random() * 1.2 * rows) / WRITERS) + writer + 1;
      committed += (await pool.query(statements[nr % statements.length] ?? '', [id])).rowCount ?? 0;
    }
  }

  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  // Told to who calls `stop`; until then it is no unhandled rejection.
  writing.catch(() => {});
  let stopped: Promise<void> | undefined;
  return {
    committed: () => committed,
    stop() {
      stopping = true;
      stopped ??= writing.then(() => undefined).finally(() => pool.end());
      return stopped;
    },
  };
}
