import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@shelfcast/product-database/captured-tables';
import type pg from 'pg';
import { OperationError } from './connect-error.ts';
import { REGISTER_LOCK } from './registration-lock.ts';

/** Held by the one command that changes the connector now. */
export interface ConnectorLock {
  /** @throws OperationError `LOCK_LOST` when the session that holds it has ended */
  assertHeld(): void;
}

/** What a command needs to take the lock; the lock itself once it has it. */
export interface LockableContext {
  readonly products: pg.Pool;
  readonly log: (message: string) => void;
  readonly connectorLock?: ConnectorLock | undefined;
}

const APPLICATION = 'shelfcast-connector';
const RETRY_MS = 250;
const PROGRESS_MS = 30_000;
/** Below the time after which firewalls forget an idle connection. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Does `work` while no other command changes the connector, its tables or what it reads. A command that has to wait says
 * for which one. `work` gets the context with the lock in it: a step that takes the lock itself runs at once then.
 *
 * The lock is Postgres' own and goes with its session, so a command that is killed does not keep it.
 *
 * @param purpose the command in a few words, for those that wait
 * @throws OperationError `LOCK_LOST`
 */
export async function withConnectorLock<C extends LockableContext, T>(
  context: C,
  purpose: string,
  work: (context: C & { readonly connectorLock: ConnectorLock }) => Promise<T>,
): Promise<T> {
  const held = context.connectorLock;
  if (held !== undefined) {
    held.assertHeld();
    return await work({ ...context, connectorLock: held });
  }
  const session = await context.products.connect();
  let lost = false;
  const onError = (): void => {
    lost = true;
  };
  session.on('error', onError);
  const keepAlive = setInterval(() => {
    session.query('select').catch(onError);
  }, KEEP_ALIVE_MS);
  keepAlive.unref();
  try {
    await session.query(
      `select set_config(name, '0', false) from pg_settings
       where name in ('idle_session_timeout', 'statement_timeout', 'transaction_timeout')`,
    );
    await session.query("select set_config('application_name', $1, false)", [
      `${APPLICATION}: ${purpose}`,
    ]);
    await waitForLock(session, context.log);
    const connectorLock = {
      assertHeld() {
        if (lost) {
          throw new OperationError(
            'LOCK_LOST',
            'The connection to the products database was lost, and with it the lock that keeps other commands from the connector. Run the command again: it goes on with what is left to do.',
            { retriable: true },
          );
        }
      },
    };
    return await work({ ...context, connectorLock });
  } finally {
    clearInterval(keepAlive);
    session.off('error', onError);
    session.on('error', () => undefined);
    session.release(true); // ends the session, and with it the lock
  }
}

/** Asks again and again: a statement that waits would keep vacuum from removing rows all the while. */
async function waitForLock(session: Queryable, log: (message: string) => void): Promise<void> {
  let toldAt: number | undefined;
  for (;;) {
    const { rows } = await session.query<{ locked: boolean }>(
      'select pg_try_advisory_lock($1) as locked',
      [REGISTER_LOCK],
    );
    if (rows[0]?.locked === true) return;
    const now = performance.now();
    if (toldAt === undefined || now - toldAt >= PROGRESS_MS) {
      log(`${toldAt === undefined ? 'Waiting' : 'Still waiting'} for ${await holder(session)}`);
      toldAt = now;
    }
    await sleep(RETRY_MS);
  }
}

async function holder(session: Queryable): Promise<string> {
  const { rows } = await session.query<{ name: string | null; pid: number; seconds: number }>(
    `select a.application_name as name, l.pid, round(extract(epoch from now() - a.backend_start))::int as seconds
     from pg_locks l left join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 0 and l.objid = $1
       and l.database = (select oid from pg_database where datname = current_database())`,
    [REGISTER_LOCK],
  );
  const [row] = rows;
  if (row === undefined) return 'another command';
  const command = row.name?.startsWith(`${APPLICATION}: `)
    ? row.name.slice(APPLICATION.length + 2)
    : (row.name ?? 'another command');
  return `${command} (since ${row.seconds} s, session ${row.pid} of the products database)`;
}
