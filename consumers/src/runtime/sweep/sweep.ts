import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool, PoolClient } from 'pg';
import { applyJudged } from '../apply/transaction.ts';
import type { CapturedEntity } from '../contract/captured-entity.ts';
import type { ConsumerDefinition } from '../contract/definition.ts';
import { isOutage } from '../contract/errors.ts';
import { type Encoders, writeOutbox } from '../outbox/outbox.ts';
import { failureOf } from '../parking/store.ts';
import { type Reporter, reportMessage, reportStep } from '../reports/reports.ts';
import { recordsBehind, type SweepArguments } from './arguments.ts';
import {
  countSwept,
  finishSweep,
  lockSweep,
  noteBehind,
  noteGone,
  refuseSweep,
  retryParked,
  type SweepRefusal,
  selectCandidates,
  sweepExtent,
} from './rows.ts';
import { brake, isGone, sweptChange } from './swept.ts';

export interface SweepOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  /** The definition's tables. */
  readonly entities: readonly CapturedEntity[];
  readonly pool: Pool;
  readonly admin: Pick<KafkaAdmin, 'groupOffsets' | 'watermarks'>;
  readonly codec: Encoders;
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
 * After tables were read: deletes the keys that were there when the read was asked for and that it did not see, as
 * changes that take the way of every other, a few hundred in a transaction. What was swept stands at the floor, so any
 * process goes on where another one ended, and a repetition finds nothing. Nothing is deleted when it would be too much
 * (see `brake`). A key that cannot be deleted is named in the command's result and left to the next sweep.
 */
export function createSweep<Effect>(
  options: SweepOptions<Effect>,
  commandId: bigint,
  sweep: SweepArguments,
): Sweep {
  const { definition, pool, admin, attemptTimeoutMs, nowMs, log } = options;
  const { floor, entities: wanted, watermarks } = sweep;
  const entities = options.entities.filter(({ entity }) => wanted.includes(entity));
  const relevant = watermarks.filter((mark) => entities.some(({ topic }) => topic === mark.topic));
  const refused: SweepRefusal[] = [];
  let reached = false;
  let mayRemove = false;
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

  /** @returns false when it may not, and the command is closed or in another process's hand */
  async function isWithinBrake(): Promise<boolean> {
    if (mayRemove) return true;
    const names = entities.map(({ entity }) => entity);
    const extent = await sweepExtent(pool, { consumer: definition.name, entities: names }, floor);
    const refusal = brake(extent, sweep.confirmed);
    mayRemove = refusal === undefined;
    if (
      refusal !== undefined &&
      (await refuseSweep(pool, commandId, { error: refusal, ...extent }))
    ) {
      log.warn({ floor, ...extent }, 'sweep refused');
    }
    return mayRemove;
  }

  /** Sweeps the next keys, and names those it looked at in `seen`. @returns false while another process is at it */
  async function sweepNext(entity: CapturedEntity, seen: string[]): Promise<boolean> {
    return await inTransaction(
      pool,
      async (tx) => {
        if (!(await lockSweep(tx, commandId))) return false;
        const place = { consumer: definition.name, entity: entity.entity };
        const candidates = await selectCandidates(tx, place, floor, {
          after,
          limit: size,
        });
        seen.push(...candidates.map(({ key }) => key));
        const gone = candidates.filter((one) => isGone(one, sweep));
        const keys = gone.filter(({ deleted }) => !deleted).map(({ key }) => key);
        if (keys.length > 0) await sweepKeys(options, tx, { entity, keys, sweep });
        const all = gone.map(({ key }) => key);
        await noteGone(tx, place, all, floor);
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
      if (!(await isSnapshotHandled()) || !(await isWithinBrake())) return false;
      const entity = entities[at];
      if (entity === undefined) {
        const result = await finishSweep(pool, commandId, refused);
        if (result !== undefined) log.info({ floor, ...result }, 'swept');
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
    sweep,
  }: {
    readonly entity: CapturedEntity;
    readonly keys: readonly string[];
    readonly sweep: SweepArguments;
  },
): Promise<void> {
  const { name: consumer } = definition;
  const { instance } = reporter;
  const changes = keys.map((key) => sweptChange({ instance, entity, key, ...sweep }));
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
