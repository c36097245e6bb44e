import { createContext } from 'svelte';
import { Announcer } from './announcer.svelte.ts';
import { createMonitorApi, type MonitorApi } from './api/monitor.ts';
import { createProducerApi, type ProducerApi } from './api/producer.ts';
import { createRequest } from './api/request.ts';
import { Clock } from './clock.svelte.ts';
import { Keyboard } from './keyboard.svelte.ts';
import { Live } from './live/live.svelte.ts';
import { Router } from './router.svelte.ts';
import { Session } from './session.svelte.ts';
import { ThemeChoice } from './theme.svelte.ts';

/** What every component may use; made once, in main.ts, and handed down by context. */
export interface App {
  readonly router: Router;
  readonly monitor: MonitorApi;
  readonly producer: ProducerApi;
  readonly live: Live;
  readonly session: Session;
  readonly theme: ThemeChoice;
  readonly keyboard: Keyboard;
  readonly announcer: Announcer;
  readonly clock: Clock;
}

export const [getApp, setApp] = createContext<App>();

export function createApp(): App {
  const session = new Session();
  const token = () => session.token;
  const request = createRequest({
    fetch: (input, init) => fetch(input, init),
    token,
    onUnauthenticated: () => session.refused(),
  });
  return {
    router: new Router(),
    monitor: createMonitorApi(request),
    producer: createProducerApi(request),
    live: new Live({ token }),
    session,
    theme: new ThemeChoice(),
    keyboard: new Keyboard(),
    announcer: new Announcer(),
    clock: new Clock(),
  };
}
