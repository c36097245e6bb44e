import { eventually } from '@shelfcast/service-kit/eventually';
import type pg from 'pg';
import * as assert from 'uvu/assert';

/** An incremental snapshot that stands between two chunks. */
export interface HeldSnapshot {
  /** Resolves when it stands there. */
  held(): Promise<void>;
  /** Lets it go on. */
  release(): Promise<void>;
}

const LOCK = 7_357_901;

/**
 * Holds incremental snapshots after so many chunks: each opens its window with a row of the signal table. A trigger would
 * do as well, but a signal table with one is made again by the commands that are tested.
 *
 * @param schema of the signal table
 */
export async function holdSnapshot(
  db: pg.Pool,
  afterChunks: number,
  schema = 'shelfcast',
): Promise<HeldSnapshot> {
  const holder = await db.connect();
  await holder.query('select pg_advisory_lock($1)', [LOCK]);
  await holder.query(`
    create sequence ${schema}.test_chunks;
    create function ${schema}.test_hold(type text) returns boolean language plpgsql security definer as $$
    begin
      if type = 'snapshot-window-open' and nextval('${schema}.test_chunks') > ${afterChunks} then
        perform pg_advisory_xact_lock_shared(${LOCK});
      end if;
      return true;
    end $$;
    alter table ${schema}.signal
      add constraint test_hold check (${schema}.test_hold(type)) not valid`);
  return {
    held: () =>
      eventually(
        async () => {
          const { rowCount } = await db.query(
            `select from pg_locks where locktype = 'advisory' and objid = $1 and not granted`,
            [LOCK],
          );
          assert.is(rowCount, 1);
        },
        { timeoutMs: 120_000, intervalMs: 20, what: 'the snapshot stands between two chunks' },
      ),
    async release() {
      try {
        await holder.query('select pg_advisory_unlock($1)', [LOCK]);
        await holder.query(`drop function ${schema}.test_hold cascade`);
        await holder.query(`drop sequence ${schema}.test_chunks`);
      } finally {
        holder.release(true);
      }
    },
  };
}
