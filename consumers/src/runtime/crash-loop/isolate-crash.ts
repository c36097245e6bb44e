import type { KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import type { SerialQueue } from '@shelfcast/service-kit/serial-queue';
import type { Pool } from 'pg';
import {
  type Applied,
  type ApplyBatchOptions,
  applyBatch,
  parkDeadly,
} from '../apply/apply-batch.ts';
import { ProcessDied } from '../contract/errors.ts';
import { type Delivery, isUnreadable, type Unreadable } from '../intake/delivery.ts';
import { createCrashJournal, type Resumption } from './journal.ts';

export interface CrashIsolationOptions<Effect> {
  readonly applying: ApplyBatchOptions<Effect>;
  readonly pool: Pool;
  /** Applies entries together with those of other partitions. */
  readonly submit: (entries: readonly (Delivery | Unreadable)[]) => Promise<readonly Applied[]>;
  /** Does something again until the database, or what else it needs, is there. */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>;
  /** One change of the process is handled by itself at a time: if the process ends, that one is to blame. */
  readonly alone: SerialQueue;
}

/** Process crashes during a batch before it is retried one change at a time; during one change, before it is parked. */
const DEATHS_TOGETHER = 1;
const DEATHS_ALONE = 2;

const isFirst = ({ times, deaths }: Resumption) => times <= DEATHS_TOGETHER && deaths.size === 0;

/**
 * Handles batches so that a change which ends its process (it blocks the event loop, or takes all memory) does not end
 * every process that takes over: where a partition was left off more than once, its changes are handled one by one, and
 * the one that a process has died of twice is parked.
 */
export function createCrashIsolation<Effect>(options: CrashIsolationOptions<Effect>) {
  const { applying, pool, submit, patiently } = options;
  const journal = createCrashJournal(pool, applying.definition.name);

  async function oneByOne(
    batch: KafkaBatch,
    entries: readonly (Delivery | Unreadable)[],
    { deaths }: Resumption,
  ): Promise<Applied[]> {
    const applied: Applied[] = [];
    for (const entry of entries) {
      applied.push(
        ...(await options.alone(() => alone(batch, entry, deaths.get(entry.record.offset)))),
      );
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
    await patiently(() => journal.beginAlone(batch, offset));
    const applied = await patiently(() => applyBatch(applying, [entry]));
    await patiently(() => journal.endAlone(batch, offset));
    return applied;
  }

  return {
    /** @returns what became of each entry, once that is durable */
    async handle(
      batch: KafkaBatch,
      entries: readonly (Delivery | Unreadable)[],
    ): Promise<readonly Applied[]> {
      const resumption = await patiently(() => journal.begin(batch));
      try {
        if (resumption === undefined || isFirst(resumption)) return await submit(entries);
        return await oneByOne(batch, entries, resumption);
      } catch (error) {
        journal.forget(batch);
        throw error;
      } finally {
        if (resumption !== undefined) await patiently(() => journal.end(batch));
      }
    },
  };
}
