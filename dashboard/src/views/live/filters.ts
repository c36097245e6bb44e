import type { LiveFilter } from '@shelfcast/schemas/monitor/live';
import type { FeedRow, StepState } from '../../lib/live/feed.ts';

/** Which changes the feed shows; empty texts mean all. They are the query of the page's address. */
export interface FeedFilters {
  readonly topic: string;
  readonly entity: string;
  readonly key: string;
  /** Where it is now, with `service` or with any consumer. */
  readonly stage: string;
  readonly service: string;
  readonly text: string;
  readonly withSnapshots: boolean;
}

/** What can be chosen, and how it is said. */
export const STAGE_CHOICES = [
  { stage: 'captured', summary: 'captured row' },
  { stage: 'published', summary: 'manual event' },
  { stage: 'processed', summary: 'done' },
  { stage: 'skipped', summary: 'nothing to do' },
  { stage: 'failed', summary: 'failed' },
  { stage: 'parked', summary: 'waits to be tried again' },
  { stage: 'deadLettered', summary: 'dead letter' },
  { stage: 'discarded', summary: 'discarded' },
] as const;

export function readFilters(query: URLSearchParams): FeedFilters {
  const of = (name: string): string => query.get(name)?.trim() ?? '';
  return {
    topic: of('topic'),
    entity: of('entity'),
    key: of('key'),
    stage: of('stage'),
    service: of('service'),
    text: of('q'),
    withSnapshots: query.get('snapshots') === '1',
  };
}

/** How many are set. */
export function filterCount(filters: FeedFilters): number {
  const { withSnapshots, ...texts } = filters;
  return Object.values(texts).filter((text) => text !== '').length + (withSnapshots ? 1 : 0);
}

/**
 * What the monitor filters by: what every report of a change has alike. The rest is for `rowMatches`: of a change that
 * one report tells of, the others would be missing.
 */
export function serverFilter({ topic, entity, key }: FeedFilters): LiveFilter {
  return {
    ...(topic === '' ? {} : { topic }),
    ...(entity === '' ? {} : { entity }),
    ...(key === '' ? {} : { key }),
  };
}

/** Whether `rowMatches` has anything to say. */
export function isNarrowed({ stage, service, text }: FeedFilters): boolean {
  return stage !== '' || service !== '' || text !== '';
}

/** A test for rows, made once per filter. */
export function rowFilter(filters: FeedFilters): (row: FeedRow) => boolean {
  const { entity, stage, service } = filters;
  const text = filters.text.toLowerCase();
  return (row) =>
    (entity === '' || row.entity === entity) &&
    (filters.withSnapshots || !row.isSnapshot) &&
    stageMatches(row, stage, service) &&
    (text === '' || hasText(row, text));
}

function stageMatches({ origin, steps }: FeedRow, stage: string, service: string): boolean {
  if (stage === 'captured' || stage === 'published') {
    return origin === stage && (service === '' || service in steps);
  }
  const wanted: string = stage === 'processed' ? ('done' satisfies StepState) : stage;
  if (service === '') return wanted === '' || Object.values(steps).some((at) => at === wanted);
  const at = steps[service];
  return at !== undefined && (wanted === '' || at === wanted);
}

function hasText({ key, eventId, topic, changed }: FeedRow, text: string): boolean {
  const has = (value: string | null | undefined): boolean =>
    value?.toLowerCase().includes(text) ?? false;
  return (
    has(key) ||
    has(eventId) ||
    has(topic) ||
    changed.some(({ column, before, after }) => has(column) || has(before) || has(after))
  );
}
