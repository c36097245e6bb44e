import type { KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';
import {
  type Applied,
  type ApplyBatchOptions,
  applyBatch,
  parkDeadly,
} from '../apply/apply-batch.ts';
import { type Delivery, isUnreadable, type Unreadable } from '../intake/delivery.ts';
import { createUnfinished, ProcessDied, type Resumption } from './journal.ts';

export interface ResumeOptions<Effect> {
  readonly applying: ApplyBatchOptions<Effect>;
  readonly pool: Pool;
  /** Applies entries together with those of other partitions. */
  readonly submit: (entries: readonly (Delivery | Unreadable)[]) => Promise<readonly Applied[]>;
  /** Does something again until the database, or what else it needs, is there. */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Deaths beside a batch after which its changes are handled one by one; beside one change alone, until it is set aside. */
const DEATHS_TOGETHER = 1;
const DEATHS_ALONE = 2;

const isFirst = ({ times, deaths }: Resumption) => times <= DEATHS_TOGETHER && deaths.size === 0;

/** Only one change of the process is handled by itself at a time: if it dies, one is to blame. */
let turn: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(work);
  turn = result.catch(() => {});
  return result;
}

/**
 * Handles batches so that a change which ends its process (it blocks the event loop, or takes all memory) does not end
 * every process that takes over: where a partition was left off more than once, its changes are handled one by one, and
 * the one that a process has died of twice is parked.
 */
export function createResume<Effect>({ applying, pool, submit, patiently }: ResumeOptions<Effect>) {
  const unfinished = createUnfinished(pool, applying.definition.name);

  async function oneByOne(
    batch: KafkaBatch,
    entries: readonly (Delivery | Unreadable)[],
    { deaths }: Resumption,
  ): Promise<Applied[]> {
    const applied: Applied[] = [];
    for (const entry of entries) {
      applied.push(...(await inTurn(() => alone(batch, entry, deaths.get(entry.record.offset)))));
    }
    return applied;
  }

  async function alone(
    batch: KafkaBatch,
    entry: Delivery | Unreadable,
    times = 0,
  ): Promise<readonly Applied[]> {
    const { offset } = entry.record;
    if (!isUnreadable(entry) && times >= DEATHS_ALONE) {
      const error = new ProcessDied(`${times} processes died while they handled it alone`);
      return [await patiently(() => parkDeadly(applying, entry, error))];
    }
    // Entered once: an outage that is waited out ends no process.
    await patiently(() => unfinished.beginAlone(batch, offset));
    const applied = await patiently(() => applyBatch(applying, [entry]));
    await patiently(() => unfinished.endAlone(batch, offset));
    return applied;
  }

  return {
    /** @returns what became of each entry, once that is durable */
    async handle(
      batch: KafkaBatch,
      entries: readonly (Delivery | Unreadable)[],
    ): Promise<readonly Applied[]> {
      const resumption = await patiently(() => unfinished.begin(batch));
      try {
        if (resumption === undefined || isFirst(resumption)) return await submit(entries);
        return await oneByOne(batch, entries, resumption);
      } catch (error) {
        unfinished.forget(batch);
        throw error;
      } finally {
        if (resumption !== undefined) await patiently(() => unfinished.end(batch));
      }
    },
  };
}
