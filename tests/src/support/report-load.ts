import { setTimeout as delay } from 'node:timers/promises';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { fromEnvironment } from './environment.ts';
import { madeReport } from './made-reports.ts';
import { codecAt, kafkaAt } from './pipeline-kafka.ts';

/** Changes that never were, reported as captured straight to the `monitoring` topic. */
export interface ReportLoad {
  /** Reports so many changes, evenly over the time that the rate gives them; resolves once all are in Kafka. */
  send(changes: number, perSecond: number): Promise<void>;
  /** Ids of all reports in Kafka so far. */
  readonly reportIds: readonly string[];
  /** Of the changes, in their order. */
  readonly eventIds: readonly string[];
  close(): Promise<void>;
}

const TICK_MS = 50;

/** @param topic of a test's own, by which a page can filter */
export async function openReportLoad(topic: string): Promise<ReportLoad> {
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const producer = await kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createProducer();
  const encode = await codec.encoder(MONITORING_EVENT);
  const reportIds: string[] = [];
  const eventIds: string[] = [];

  function next(): MonitoringEvent {
    const nr = eventIds.length;
    const eventId = `${topic}-${nr}`;
    eventIds.push(eventId);
    const changed = [{ column: 'price', before: `${nr}.10`, after: `${nr}.90` }];
    return madeReport({
      ...{ eventId, topic, service: 'capture', stage: 'captured', key: `K-${nr % 500}` },
      ...{ occurredAtUs: Date.now() * 1000, afterMs: 4, details: { changed } },
    });
  }

  return {
    reportIds,
    eventIds,
    async send(changes, perSecond) {
      const beganMs = performance.now();
      let sent = 0;
      while (sent < changes) {
        const due = Math.ceil(((performance.now() - beganMs + TICK_MS) * perSecond) / 1000);
        const reports = Array.from({ length: Math.min(due, changes) - sent }, next);
        sent += reports.length;
        await producer.send(
          reports.map((report) => ({
            topic: MONITORING_TOPIC,
            key: report.eventId,
            value: encode(report),
          })),
        );
        for (const { id } of reports) reportIds.push(id);
        await delay(TICK_MS);
      }
    },
    async close() {
      await producer.close();
      codec.close();
    },
  };
}
