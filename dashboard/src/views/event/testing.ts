import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { Timeline, TimelineStage } from '@shelfcast/schemas/monitor/timeline';

/** A report as tests want it. */
export function report(given: Partial<LiveEvent> = {}): LiveEvent {
  const { stage = 'processed', service = 'pricing', attempt = 1 } = given;
  return {
    id: `e/${service}/${stage}/${attempt}`,
    eventId: 'e',
    stage,
    service,
    instance: 'local',
    topic: 'pis.public.products',
    partition: 3,
    offset: '81204',
    key: 'P-1042',
    occurredAtUs: 1_000_000,
    atUs: 1_009_000,
    durationUs: null,
    attempt,
    error: null,
    traceId: null,
    details: { entity: 'products', op: 'update' },
    ...given,
  };
}

/** A step `atMs` after the commit, `gapMs` after `after`. */
export function step(
  stage: string,
  service: string,
  given: Partial<Omit<TimelineStage, 'stage' | 'service'>> = {},
): TimelineStage {
  return {
    stage,
    service,
    atUs: 1_000_000 + (given.sinceCommitMs ?? 0) * 1_000,
    sinceCommitMs: 0,
    gapMs: 0,
    after: null,
    clockSkewMs: 0,
    report: null,
    ...given,
  };
}

export function timeline(given: Partial<Timeline> = {}): Timeline {
  return {
    eventId: 'e',
    topic: 'pis.public.products',
    partition: 3,
    offset: '81204',
    key: 'P-1042',
    committedAtUs: 1_000_000,
    stages: [],
    services: [],
    missing: [],
    complete: false,
    clockSkew: false,
    ...given,
  };
}
