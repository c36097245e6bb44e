import type { Codec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { changeFromRecord, isPoisonRecord, placeOfRecord } from '@shelfcast/schemas/record-change';
import type { KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { Counter, type Registry } from 'prom-client';
import {
  type CaptureReporting,
  capturedReport,
  isReported,
  unreadableReport,
} from './captured-report.ts';

export interface CaptureOptions {
  readonly codec: Codec;
  readonly publisher: Pick<MonitoringPublisher, 'report'>;
  readonly topicPrefix: string;
  readonly reporting: CaptureReporting;
  readonly registry: Registry;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
}

/**
 * Reports every CDC record of a batch as captured, in one request.
 * @returns a handler that resolves when the reports are acknowledged, and rejects when the registry or the brokers
 *   cannot be had: given the same batch again it gives the same report ids
 */
export function createCapture(options: CaptureOptions): (batch: KafkaBatch) => Promise<void> {
  const { codec, publisher, topicPrefix, reporting, registry, nowMs } = options;
  const { instance } = reporting;
  const records = new Counter({
    name: 'shelfcast_captured_records_total',
    help: 'CDC records read, by what became of them: reported, sampled (snapshot reads that another stands for), unreadable or empty',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });

  return async ({ records: batch }) => {
    const nowUs = BigInt(Math.round(nowMs() * 1000));
    const reports: MonitoringEvent[] = [];
    const outcomes: string[] = [];
    for (const record of batch) {
      try {
        const change = await changeFromRecord({ codec, instance }, record);
        if (change === null) outcomes.push('empty');
        else if (isReported(change, reporting)) {
          const recordBytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
          reports.push(capturedReport(change, reporting, { nowUs, recordBytes }));
          outcomes.push('reported');
        } else outcomes.push('sampled');
      } catch (error) {
        if (!isPoisonRecord(error)) throw error;
        const place = await placeOfRecord({ codec, topicPrefix }, record);
        reports.push(unreadableReport(record, place, error, { instance, nowUs }));
        outcomes.push('unreadable');
      }
    }
    if (reports.length > 0) await publisher.report(reports);
    for (const outcome of outcomes) records.inc({ outcome });
  };
}
