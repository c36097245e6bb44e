import type { LiveEvent, LiveFilter } from '@shelfcast/schemas/monitor/live';

/** A test for reports, made once per filter. */
export function compileFilter(filter: LiveFilter): (event: LiveEvent) => boolean {
  const { topic, entity, key, stages, service, text } = filter;
  const wantedStages = stages === undefined ? undefined : new Set(stages);
  const wantedText = text?.toLowerCase();
  return (event) =>
    (topic === undefined || event.topic === topic) &&
    (service === undefined || event.service === service) &&
    (key === undefined || event.key === key) &&
    (wantedStages === undefined || wantedStages.has(event.stage)) &&
    (entity === undefined || event.details.entity === entity) &&
    (wantedText === undefined || hasText(event, wantedText));
}

/** The same for filters that mean the same: their clients are sent the same bytes. */
export function filterKey({ topic, entity, key, stages, service, text }: LiveFilter): string {
  const sorted = stages === undefined ? null : [...new Set(stages)].sort();
  return JSON.stringify([topic, entity, key, sorted, service, text?.toLowerCase()]);
}

/** Made once for all filters: each of a thousand clients may look for another text. */
const searched = new WeakMap<LiveEvent, readonly string[]>();

function hasText(event: LiveEvent, wanted: string): boolean {
  const texts = searched.get(event) ?? textsOf(event);
  searched.set(event, texts);
  return texts.some((text) => text.includes(wanted));
}

function textsOf({ eventId, key, error, details }: LiveEvent): string[] {
  const said = error === null ? '' : `${error.type} ${error.message}`;
  return [eventId, key ?? '', said, JSON.stringify(details)].map((text) => text.toLowerCase());
}
