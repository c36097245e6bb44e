import type { Codec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/logging';
import { inTransaction } from '@shelfcast/service-kit/postgres';
import type { Pool, PoolClient } from 'pg';
import { isOutage } from './apply-batch.ts';
import type { CapturedEntity } from './captured-entity.ts';
import type { ConsumerDefinition } from './definition.ts';
import { writeOutbox } from './outbox.ts';
import { failureOf } from './parking.ts';
import { type Reporter, reportMessage, reportStep } from './reports.ts';
import { recordsBehind, type SweepArguments } from './sweep-arguments.ts';
import {
  countSwept,
  finishSweep,
  lockSweep,
  moveGuards,
  noteBehind,
  retryParked,
  type SweepRefusal,
  selectCandidates,
} from './sweep-rows.ts';
import { isGone, sweepPosition, sweptChange, wasSwept } from './swept.ts';
import { applyJudged } from './transaction.ts';

export interface SweepOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  /** The definition's tables. */
  readonly entities: readonly CapturedEntity[];
  readonly pool: Pool;
  readonly admin: Pick<KafkaAdmin, 'groupOffsets' | 'watermarks'>;
  readonly codec: Codec;
  readonly reporter: Reporter;
  readonly encodeReport: (event: MonitoringEvent) => Buffer;
  readonly attemptTimeoutMs: number;
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface Sweep {
  /** @returns whether there is more to do at once */
  step(): Promise<boolean>;
}

const KEYS_PER_TRANSACTION = 300;

/**
 * After the capture began anew: deletes the keys that the new epoch's snapshot did not see, as changes that take the way
 * of every other, a few hundred in a transaction. What was swept stands at the epoch's lowest position, so any process
 * goes on where another one ended, and a repetition finds nothing. Keys that an earlier sweep deleted, and that nobody
 * has seen since, are not deleted twice. A key that cannot be deleted is named in the
 * command's result and left to the next sweep.
 */
export function createSweep<Effect>(
  options: SweepOptions<Effect>,
  commandId: bigint,
  { epoch, entities: wanted, watermarks }: SweepArguments,
): Sweep {
  const { definition, pool, admin, attemptTimeoutMs, nowMs, log } = options;
  const entities = options.entities.filter(({ entity }) => wanted.includes(entity));
  const relevant = watermarks.filter((mark) => entities.some(({ topic }) => topic === mark.topic));
  const refused: SweepRefusal[] = [];
  let reached = false;
  let told: bigint | undefined;
  // Where the pass over the guards stands: keys of `entities[at]` beyond `after`.
  let at = 0;
  let after: string | null = null;
  let size = KEYS_PER_TRANSACTION;

  /** Whether everything up to the end of the snapshot took effect, in whichever process. */
  async function isSnapshotHandled(): Promise<boolean> {
    if (reached) return true;
    const behind = await recordsBehind(admin, definition.name, relevant);
    if (behind > 0n && behind !== told) await noteBehind(pool, commandId, behind);
    told = behind;
    reached = behind === 0n;
    return reached;
  }

  /** Sweeps the next keys, and names those it looked at in `seen`. @returns false while another process is at it */
  async function sweepNext(entity: CapturedEntity, seen: string[]): Promise<boolean> {
    return await inTransaction(
      pool,
      async (tx) => {
        if (!(await lockSweep(tx, commandId))) return false;
        const place = { consumer: definition.name, entity: entity.entity };
        const candidates = await selectCandidates(tx, place, sweepPosition(epoch), {
          after,
          limit: size,
        });
        seen.push(...candidates.map(({ key }) => key));
        const gone = candidates.filter((one) => isGone(one, epoch));
        const keys = gone.filter((one) => !wasSwept(one.position)).map(({ key }) => key);
        if (keys.length > 0) await sweepKeys(options, tx, { entity, keys, epoch });
        const all = gone.map(({ key }) => key);
        await moveGuards(tx, place, all, sweepPosition(epoch));
        // What they have waiting is older now: it is skipped when tried again, and they are let go.
        await retryParked(tx, place, all, nowMs());
        await countSwept(tx, commandId, keys.length);
        return true;
      },
      { timeoutMs: attemptTimeoutMs },
    );
  }

  function advance(seen: readonly string[]): void {
    if (seen.length < size) {
      at += 1;
      after = null;
    } else after = seen.at(-1) ?? null;
  }

  return {
    async step() {
      if (!(await isSnapshotHandled())) return false;
      const entity = entities[at];
      if (entity === undefined) {
        const result = await finishSweep(pool, commandId, refused);
        if (result !== undefined) log.info({ epoch: String(epoch), ...result }, 'swept');
        return true;
      }
      const seen: string[] = [];
      try {
        if (!(await sweepNext(entity, seen))) return false;
        advance(seen);
        size = Math.min(size * 2, KEYS_PER_TRANSACTION);
      } catch (error) {
        const [key] = seen;
        if (isOutage(error) || key === undefined) throw error;
        if (seen.length > 1) {
          size = Math.ceil(seen.length / 4);
          return true;
        }
        log.warn({ error, entity: entity.entity, key }, 'could not be swept');
        refused.push({ entity: entity.entity, key, reason: failureOf(error).message });
        advance(seen);
      }
      return true;
    },
  };
}

/** Deletes keys whose guards are locked. */
async function sweepKeys<Effect>(
  { definition, codec, reporter, encodeReport, nowMs }: SweepOptions<Effect>,
  tx: PoolClient,
  {
    entity,
    keys,
    epoch,
  }: { readonly entity: CapturedEntity; readonly keys: readonly string[]; readonly epoch: bigint },
): Promise<void> {
  const { name: consumer } = definition;
  const { instance } = reporter;
  const changes = keys.map((key) => sweptChange({ instance, entity, key, epoch }));
  await applyJudged(
    definition,
    changes.map((change) => ({ change, fresh: true, outcome: 'processed' })),
    new Map(),
    tx,
    { nowMs: nowMs(), codec },
  );
  const reports = changes.map((change) => {
    const { topic, partition, offset } = change.record;
    const record = {
      ...{ topic, partition, offset, key: null, value: null, headers: {} },
      timestampMs: change.brokerAtMs,
    };
    const event = reportStep(
      reporter,
      { record, change },
      { stage: 'processed', atMs: nowMs(), details: { swept: true } },
    );
    // There is no record that the step was about.
    return reportMessage({ ...event, partition: null, offset: null }, encodeReport);
  });
  await writeOutbox(tx, consumer, reports);
}
