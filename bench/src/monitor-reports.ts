import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { reportId } from '@shelfcast/schemas/monitoring-event';

const PARTITIONS = 6;
const PRODUCTS = 10_000;
const CHANGED = [
  { column: 'price', before: '249.90', after: '239.90' },
  { column: 'stock_quantity', before: '12', after: '11' },
  {
    column: 'updated_at',
    before: '2026-01-01T10:00:00.000001Z',
    after: '2026-01-01T10:00:01.000002Z',
  },
];

/**
 * What a change leaves in the monitoring topic: one report of its capture and one of each consumer.
 * @param nr which change; its product, its latencies and now and then a failure follow from it
 */
export function reportsOfChange(
  nr: number,
  {
    topic,
    groups,
    occurredAtUs,
  }: { topic: string; groups: readonly string[]; occurredAtUs: number },
): MonitoringEvent[] {
  const eventId = `0199c000-0000-8000-8000-${nr.toString(16).padStart(12, '0')}`;
  const about = {
    eventId,
    topic,
    partition: nr % PARTITIONS,
    offset: BigInt(Math.floor(nr / PARTITIONS)),
    key: `P-${nr % PRODUCTS}`,
    instance: 'bench',
    occurredAt: BigInt(occurredAtUs),
    attempt: 1,
    error: null,
    traceId: null,
  };
  const step = (
    service: string,
    stage: MonitoringEvent['stage'],
    afterUs: number,
    details: object,
  ) => ({
    ...about,
    id: reportId({ eventId, service, stage, attempt: 1 }),
    ...{ service, stage },
    at: BigInt(occurredAtUs + afterUs),
    durationUs: 800n,
    details: JSON.stringify({ entity: 'products', op: 'update', snapshot: false, ...details }),
  });
  return [
    step('capture', 'captured', 4_000 + (nr % 700), {
      debeziumAtUs: `${occurredAtUs + 2_000}`,
      brokerAtMs: Math.floor((occurredAtUs + 3_000) / 1000),
      changed: CHANGED,
    }),
    ...groups.map((service, index) =>
      step(
        service,
        nr % 997 === index ? 'failed' : 'processed',
        5_000 + ((nr * (index + 7)) % 9_000),
        {},
      ),
    ),
  ];
}
