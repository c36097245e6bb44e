import type { Alert } from '@shelfcast/schemas/monitor/live';
import type { App } from './app.svelte.ts';
import { known, type Loaded, mapLoaded } from './loaded.ts';
import { createResource, derivedFrom, type Resource } from './resource.svelte.ts';

const EVERY_MS = 10_000;

/** Alerts as the monitor tells them live, or as it answers when it is asked: whichever it said last. */
export function createAlerts({
  monitor,
  live,
  session,
}: Pick<App, 'monitor' | 'live' | 'session'>): Resource<readonly Alert[]> {
  const asked = createResource(() => (session.isNeeded ? undefined : monitor.alerts()), {
    what: 'The alerts could not be read',
    everyMs: EVERY_MS,
  });
  const loaded: Loaded<readonly Alert[]> = $derived.by(() => {
    const { health } = live;
    const answer = asked.loaded;
    if (health === undefined || (answer.name === 'value' && answer.value.atMs > health.atMs)) {
      return mapLoaded(answer, ({ items }) => items);
    }
    return known(health.alerts);
  });
  const isTold = $derived(live.health !== undefined && live.connection.name === 'live');
  return derivedFrom(asked, {
    loaded: () => loaded,
    error: () => (isTold ? undefined : asked.error),
  });
}
