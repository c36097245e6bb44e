import { createHash } from 'node:crypto';
import type { Change } from '@shelfcast/schemas/change';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import {
  captureDetails,
  reportOf,
  reportOfRecord,
  type ShortenOptions,
} from '@shelfcast/schemas/monitoring-event';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/** Who reports, in monitoring events. */
export const SERVICE = 'capture';

export interface CaptureReporting {
  /** INSTANCE_ID of this process. */
  readonly instance: string;
  /** Of this many snapshot reads one is reported. */
  readonly snapshotReportEvery: number;
  readonly shorten: ShortenOptions;
}

/**
 * Whether a change is reported: streamed ones are, of snapshot reads one in so many. Which ones depends on the change
 * alone, so that a redelivery reports the same ones.
 */
export function isReported(
  change: Change,
  { snapshotReportEvery: every }: CaptureReporting,
): boolean {
  if (every === 1 || change.source?.snapshot !== true) return true;
  return createHash('sha1').update(change.id).digest().readUInt32BE() % every === 0;
}

const LARGE_RECORD_BYTES = 64 * 1024;

/** The `captured` report of a change that can be read from Kafka. The same change gives the same report id again. */
export function capturedReport(
  change: Change,
  reporting: CaptureReporting,
  { nowUs, recordBytes }: { readonly nowUs: bigint; readonly recordBytes: number },
): MonitoringEvent {
  const { instance, snapshotReportEvery, shorten } = reporting;
  const stands = change.source?.snapshot === true ? snapshotReportEvery : 1;
  return reportOf({
    change,
    stage: 'captured',
    service: SERVICE,
    instance,
    atUs: nowUs,
    details: {
      ...captureDetails(change, shorten),
      // Counters have to add this many for it.
      ...(stands === 1 ? {} : { standsFor: stands }),
      // Needed to watch the limit; left out of the many small ones.
      ...(recordBytes < LARGE_RECORD_BYTES ? {} : { recordBytes }),
    },
  });
}

/** The report of a record that cannot be read, known by its place in the log. */
export function unreadableReport(
  record: KafkaRecord,
  { entity, key }: { readonly entity: string; readonly key: string },
  error: unknown,
  { instance, nowUs }: { readonly instance: string; readonly nowUs: bigint },
): MonitoringEvent {
  const isError = error instanceof Error;
  return reportOfRecord({
    record,
    key,
    occurredAtUs: BigInt(record.timestampMs) * 1000n,
    stage: 'failed',
    service: SERVICE,
    instance,
    atUs: nowUs,
    error: {
      type: isError ? error.name : 'Error',
      message: isError ? error.message : String(error),
    },
    details: { entity },
  });
}
