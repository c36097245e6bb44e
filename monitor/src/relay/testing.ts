import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { Entry } from './recent.ts';

/** A report at an offset of a partition; tests look at its id, `partition/offset`. */
export function entryAt(partition: number, offset: number, more: Partial<LiveEvent> = {}): Entry {
  const event: LiveEvent = {
    id: `${partition}/${offset}`,
    eventId: `event-${offset}`,
    stage: 'processed',
    service: 'catalogue',
    instance: 'test',
    topic: 'pis.public.products',
    partition,
    offset: `${offset}`,
    key: 'P-1',
    occurredAtUs: 1_000,
    atUs: 2_000,
    durationUs: null,
    attempt: 1,
    error: null,
    traceId: null,
    details: { entity: 'products' },
    ...more,
  };
  return { partition, offset: BigInt(offset), event };
}

export const idsOf = (events: readonly LiveEvent[]): string[] => events.map(({ id }) => id);
