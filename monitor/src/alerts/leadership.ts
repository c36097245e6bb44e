import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool, PoolClient } from 'pg';

/** Which of the monitor processes does what only one may do. */
export interface Leadership {
  /** Whether this process has it; takes it when it is free. Never rejects: without the database no process has it. */
  holds(): Promise<boolean>;
  release(): void;
}

/** Ours alone, as `pg_try_advisory_lock` knows it. */
const LOCK = 7_070_001;

/** A lock of one database session: a process that dies loses it with its connection. */
export function createLeadership(pool: Pool, log: Logger): Leadership {
  let holder: PoolClient | undefined;

  function lose(error?: Error): void {
    holder?.release(error ?? true);
    holder = undefined;
  }

  async function take(): Promise<boolean> {
    const client = await pool.connect();
    client.on('error', lose);
    try {
      const { rows } = await client.query<{ taken: boolean }>(
        'select pg_try_advisory_lock($1) as taken',
        [LOCK],
      );
      if (rows[0]?.taken === true) {
        holder = client;
        log.info('watching over alerts and restarts');
        return true;
      }
      client.off('error', lose);
      client.release();
      return false;
    } catch (error) {
      client.off('error', lose);
      client.release(true);
      throw error;
    }
  }

  return {
    async holds() {
      try {
        if (holder === undefined) return await take();
        await holder.query('select 1');
        return true;
      } catch (error) {
        log.debug({ error }, 'leadership not known');
        lose();
        return false;
      }
    },
    release: () => lose(),
  };
}
