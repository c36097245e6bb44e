import { setTimeout as delay } from 'node:timers/promises';
import { endsOf } from '@shelfcast/connect-config/initial-snapshot';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { ADVISORY_LOCKS } from '@shelfcast/service-kit/postgres/advisory-locks';
import { isRetriableDatabaseError } from '@shelfcast/service-kit/postgres/errors';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { type Repeating, repeat } from '@shelfcast/service-kit/repeat';
import type { Pool } from 'pg';
import type { ConsumeOptions } from '../runtime/batch/parts.ts';
import { consume } from '../runtime/consume.ts';
import type { Consumer, Rebuild } from '../runtime/contract/definition.ts';
import { createGate } from './gate.ts';
import {
  builderOf,
  dropGeneration,
  type Generation,
  generationOf,
  groupOf,
  migrateGeneration,
  topicsOf,
  viewsOnto,
} from './generation.ts';
import { nextStep } from './next-step.ts';
import { beginAtEnds, progressOf } from './progress.ts';
import {
  noteStep,
  openRebuild,
  type RebuildRow,
  type RebuildStep,
  readRebuild,
} from './rebuilds.ts';
import { Refused } from './refused.ts';
import { SwapPostponed, swap } from './swap.ts';

export interface RebuilderOptions
  extends Omit<ConsumeOptions<unknown>, 'definition' | 'shadow' | 'onFatal'> {
  readonly definition: Consumer;
  /** Of the consumers' database. */
  readonly url: string;
}

const POLL_MS = 500;
/**
 * How long a swap may keep the live consumer waiting. Each that is postponed doubles it: on a busy machine many short waits
 * would put both generations further behind, and none would be long enough. The longest is below the lock timeout of batches.
 */
const PATIENCE_MS = { first: 1_000, longest: 4_000 };
const RETRY_MS = 3_000;
const GENERATION_CONNECTIONS = 3;

/**
 * Rebuilds a consumer's read model when a row of `runtime.rebuilds` asks for it: a second generation, in a schema,
 * under a name and in a Kafka group of its own, reads the stream from where it is now and the snapshot that is asked
 * for then; once it has caught up it takes the place of the one in use. One process does it; if that one dies another
 * goes on. Until the swap nothing of the read model in use is touched.
 */
export function startRebuilder(options: RebuilderOptions): Repeating {
  const { definition, pool, log } = options;

  async function round(signal: AbortSignal): Promise<void> {
    if ((await openRebuild(pool, definition.name)) === undefined) return;
    await withLock(pool, definition.name, async () => {
      const row = await openRebuild(pool, definition.name);
      if (row === undefined) return;
      await work({ ...options, signal }, row);
    });
  }

  return repeat({
    failure: 'the rebuild was interrupted: it goes on',
    everyMs: POLL_MS,
    retryMs: RETRY_MS,
    log,
    work: round,
  });
}

/** Does the work unless another process has it in hand. The lock goes with its session. */
async function withLock(pool: Pool, consumer: string, fn: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  const onError = (): void => {}; // shows in the next query, or the swap finds that another process was quicker
  client.on('error', onError);
  try {
    const { rows } = await client.query<{ locked: boolean }>(
      'select pg_try_advisory_lock($1, hashtext($2)) as locked',
      [ADVISORY_LOCKS.rebuild, consumer],
    );
    if (rows[0]?.locked === true) await fn();
  } finally {
    client.off('error', onError);
    client.release(true);
  }
}

interface Work extends RebuilderOptions {
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
}

type Outcome = 'swapped' | 'cancelled' | 'interrupted';

async function work(options: Work, row: RebuildRow): Promise<void> {
  const { definition, kafka, pool, log } = options;
  const generation = generationOf(definition.name);
  const admin = kafka.createAdmin();
  try {
    const outcome = row.swapped
      ? 'swapped'
      : await build(options, row, { generation, admin }).catch(refusal);
    if (outcome === 'interrupted') return;
    await dropGeneration(pool, generation, { old: outcome === 'swapped' && !row.keepOld });
    await admin.deleteGroup(groupOf(generation, row.id));
    const ending = endingOf(outcome, row.keepOld ? generation.oldSchema : undefined);
    await noteStep(pool, row.id, { ...ending, ended: true });
    log.info({ rebuild: row.id, ...ending }, 'rebuild ended');
  } finally {
    await admin.close();
  }
}

function refusal(error: unknown): Refused {
  if (error instanceof Refused) return error;
  throw error;
}

function endingOf(
  outcome: Exclude<Outcome, 'interrupted'> | Refused,
  keptSchema: string | undefined,
): Required<Pick<RebuildStep, 'state' | 'progress'>> {
  if (outcome instanceof Refused) return { state: 'failed', progress: outcome.message };
  if (outcome === 'cancelled') {
    return { state: 'cancelled', progress: 'cancelled; the read model in use was not touched' };
  }
  const kept = keptSchema === undefined ? '' : `; the old generation is schema ${keptSchema}`;
  return { state: 'done', progress: `the new generation is in use${kept}` };
}

async function rebuildOf(
  pool: Pool,
  { rebuild, name, sharedFields }: Consumer,
  generation: Generation,
): Promise<Rebuild> {
  if (rebuild === undefined) throw new Refused(`${name} does not say how it can be rebuilt.`);
  if ('refused' in rebuild) throw new Refused(`${name} cannot be rebuilt: ${rebuild.refused}`);
  if (sharedFields !== undefined && sharedFields.size > 0) {
    throw new Refused(
      `${name} cannot be rebuilt while fields are shared (SHARED_FIELDS): what others have set is not in the database.`,
    );
  }
  const views = await viewsOnto(pool, generation);
  if (views.length > 0) {
    throw new Refused(
      `Views of other schemas read its tables and would go on reading the old generation: ${views.join(', ')}. Drop them, rebuild, and make them again.`,
    );
  }
  return rebuild;
}

interface Parts {
  readonly generation: Generation;
  readonly admin: KafkaAdmin;
}

/**
 * From nothing, or from where another process left off, to the swap.
 * @throws {Refused}
 */
async function build(
  options: Work,
  row: RebuildRow,
  { generation, admin }: Parts,
): Promise<Outcome> {
  const { definition, url, kafka, pool, log, signal } = options;
  if (row.cancelledBy !== null) return 'cancelled';
  const rebuild = await rebuildOf(pool, definition, generation);
  const groupId = groupOf(generation, row.id);
  if (row.beganAt === null) await dropGeneration(pool, generation, { old: true });
  await migrateGeneration(url, definition, generation).catch((error: unknown) => {
    if (isRetriableDatabaseError(error)) throw error;
    throw new Refused(`Its migrations fail in a schema of their own: ${messageOf(error)}`);
  });
  const beganAt =
    row.beganAt ?? (await beginAtEnds(admin, groupId, topicsOf(definition, options.topicPrefix)));
  if (row.beganAt === null) await noteStep(pool, row.id, { state: 'reading', beganAt });

  const building = createPool({
    url,
    max: GENERATION_CONNECTIONS,
    applicationName: 'shelfcast-rebuild',
    lockTimeoutMs: 5_000,
    log,
  });
  const gate = createGate();
  let patienceMs = PATIENCE_MS.first;
  let fatal: Error | undefined;
  const consumer = await consume({
    ...options,
    definition: builderOf(definition, generation),
    kafka: gate.guard(kafka, groupId),
    pool: building,
    shadow: true,
    log: log.child({ rebuild: row.id }),
    onFatal: (error) => {
      fatal = error;
    },
  });
  try {
    for (;;) {
      const now = signal.aborted ? undefined : await readRebuild(pool, row.id);
      const step = nextStep(now, { isStopping: signal.aborted, hasFailed: fatal !== undefined });
      if (step === 'failed') throw fatal;
      if (step !== 'look') return step;
      const { text, complete, handled } = await progressOf(admin, groupId, now ?? row, beganAt);
      if (complete) {
        const topics = [...new Set(handled.map(({ topic }) => topic))];
        const given = {
          ...{ pool: building, generation, rebuild, rebuildId: row.id, gate, handled },
          readEnds: () => endsOf(admin, topics),
        };
        const swapped = await swap({ ...given, patienceMs }).catch(postponement);
        if (swapped === true) return 'swapped';
        if (swapped !== false) {
          patienceMs = Math.min(2 * patienceMs, PATIENCE_MS.longest);
          await noteStep(pool, row.id, { progress: `waits to be swapped in: ${swapped.message}` });
        }
      } else {
        const trouble = consumer.notReady();
        const progress = trouble === undefined ? text : `${text}: ${trouble}`;
        await noteStep(pool, row.id, { progress });
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await consumer.stop();
    await building.end();
  }
}

function postponement(error: unknown): SwapPostponed {
  if (error instanceof SwapPostponed) return error;
  throw error;
}
