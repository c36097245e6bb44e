import { setImmediate as immediate } from 'node:timers/promises';
import type { KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import { createBatchWriter } from '@shelfcast/service-kit/postgres/batch-writer';
import { createSerialQueue, type SerialQueue } from '@shelfcast/service-kit/serial-queue';
import { type Applied, type ApplyBatchOptions, applyBatch } from '../apply/apply-batch.ts';
import type { WaitOut, WaitOutOptions } from '../apply/wait-out.ts';
import { isOutage } from '../contract/errors.ts';
import { createCrashIsolation } from '../crash-loop/isolate-crash.ts';
import { type DecodeOptions, decodeRecords } from '../intake/decode.ts';
import type { Delivery, Unreadable } from '../intake/delivery.ts';
import type { ReportFlow } from '../reports/flow.ts';
import type { ConsumerMetrics } from '../reports/metrics.ts';
import { handledReports, type Reporter } from '../reports/reports.ts';

export interface HandleBatchOptions<Effect> extends WaitOut, Pick<WaitOutOptions, 'onOutage'> {
  readonly applying: ApplyBatchOptions<Effect>;
  readonly decoding: DecodeOptions;
  readonly reports: ReportFlow;
  readonly reporter: Reporter;
  readonly metrics: Pick<ConsumerMetrics, 'observe'>;
  /** See `createCrashIsolation`. */
  readonly alone: SerialQueue;
}

/** Changes of one transaction: enough to fill it, few enough to end well within a session timeout. */
const MAX_CHANGES_PER_TRANSACTION = 2_000;
/** Decoded within some milliseconds. */
const SMALL_BATCH = 20;

/** The way of a batch, in five steps; offsets are committed once the reports of the fifth are acknowledged. */
export function createBatchHandler<Effect>(
  options: HandleBatchOptions<Effect>,
): (batch: KafkaBatch) => Promise<void> {
  const { applying, decoding, reports, reporter, metrics } = options;
  const { alone, patiently, backoff, onOutage } = options;
  const { definition, pool, nowMs } = applying;
  const { submit } = createBatchWriter<Delivery | Unreadable, Applied>({
    write: (entries) => applyBatch(applying, entries),
    maxItems: MAX_CHANGES_PER_TRANSACTION,
    ...{ isOutage, onOutage, backoff },
  });
  const isolation = createCrashIsolation({ applying, pool, submit, patiently, alone });
  /** Large batches of a fetch arrive together: decoding one at a time lets the database work meanwhile. */
  const decodeTurn = createSerialQueue();

  return async (batch) => {
    const receivedAtMs = nowMs();
    // 1. Decode.
    if (batch.records.length > SMALL_BATCH) await decodeTurn(() => immediate());
    const entries = await decodeRecords(decoding, batch.records);
    // 2. Wait until few enough batches of the partition have reports under way.
    await reports.waitForCapacity(batch);
    const open = reports.open(batch, batch.records[0]?.offset ?? 0n);
    try {
      // 3. Classify, decide and apply, in a transaction that also holds the positions.
      const applied = await isolation.handle(batch, entries);
      const handledAtMs = nowMs();
      // 4. Count.
      metrics.observe(definition.name, entries, applied, handledAtMs);
      // 5. Report; offsets are committed once the reports are acknowledged (`beforeCommit`).
      open.send(handledReports(reporter, entries, applied, { receivedAtMs, handledAtMs }));
    } catch (error) {
      open.drop();
      throw error;
    }
  };
}
