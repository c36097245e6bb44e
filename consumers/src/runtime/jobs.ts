import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { Logger as JobLogger, type Runner, run, type TaskList } from 'graphile-worker';
import type { Pool } from 'pg';
import { withWrites } from './apply/transaction.ts';
import type { ConsumerDefinition } from './contract/definition.ts';
import { type Encoders, openOutbox } from './outbox/outbox.ts';

export interface RunJobsOptions {
  readonly definitions: readonly Pick<ConsumerDefinition<unknown>, 'name' | 'jobs'>[];
  readonly pool: Pool;
  readonly codec: Encoders;
  readonly log: Logger;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs?: () => number;
}

/** Runs what the consumers planned for a moment in time; null where none of them plans anything. */
export async function runJobs(options: RunJobsOptions): Promise<Runner | null> {
  const { definitions, pool, codec, log, nowMs = Date.now } = options;
  const taskList: TaskList = {};
  for (const { name: consumer, jobs } of definitions) {
    for (const [task, job] of Object.entries(jobs ?? {})) {
      taskList[task] = (payload) =>
        inTransaction(pool, async (tx) => {
          const { publish, publishEvent, write: writeOutgoing } = openOutbox(tx, consumer, codec);
          await withWrites(tx, (write) => {
            const outlets = { write, publish, publishEvent };
            const context = { tx, consumer, schema: consumer, nowMs: nowMs(), ...outlets };
            return job(parsed(payload), context);
          });
          await writeOutgoing();
        });
    }
  }
  if (Object.keys(taskList).length === 0) return null;
  return await run({
    pgPool: pool,
    taskList,
    concurrency: 1,
    noHandleSignals: true,
    // The queue tells of new jobs by itself; the poll is for those that become due.
    pollInterval: 1_000,
    logger: new JobLogger(() => (level, message) => {
      if (level === 'error') log.error({ queue: 'jobs' }, message);
      else if (level === 'warning') log.warn({ queue: 'jobs' }, message);
      else log.debug({ queue: 'jobs' }, message);
    }),
  });
}

/** The queue expects its pool to parse JSON; ours keeps it as text. */
function parsed(payload: unknown): unknown {
  return typeof payload === 'string' ? JSON.parse(payload) : payload;
}
