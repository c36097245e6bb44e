import { eventually } from '@shelfcast/service-kit/eventually';
import * as assert from 'uvu/assert';
import { apiOf } from './api-client.ts';

export interface WantedAlert {
  readonly name: string;
  readonly subject: string;
  readonly state: 'firing' | 'resolved';
}

export interface ShownAlert {
  readonly summary: string;
  readonly remedy: string | null;
  readonly runbook: string;
}

/** Generous: what the machine does beside this is not the monitor's fault. The time it took is printed. */
const TIMEOUT_MS = 120_000;

/** Waits until a monitor shows an alert in a state, and tells how long after `sinceMs` (`performance.now()`) it did. */
export async function awaitAlert(
  url: string,
  { name, subject, state }: WantedAlert,
  sinceMs: number,
): Promise<ShownAlert> {
  const ask = apiOf(url);
  const alert = await eventually(
    async (): Promise<ShownAlert> => {
      const { items } = (await ask('GET', '/api/alerts')).body;
      const found = items.find(
        (one: Record<string, string>) => one.name === name && one.subject === subject,
      );
      assert.is(found?.state, state, JSON.stringify(items));
      return found;
    },
    { timeoutMs: TIMEOUT_MS, intervalMs: 100, what: `${name} of ${subject} ${state}` },
  );
  const seconds = ((performance.now() - sinceMs) / 1_000).toFixed(1);
  console.log(`# ${name} ${state} after ${seconds} s`);
  return alert;
}

/** As `awaitAlert`, of a test's own monitor. */
export function shown(
  { monitor }: { readonly monitor: { readonly url: string } },
  name: string,
  subject: string,
  state: WantedAlert['state'],
  sinceMs: number,
): Promise<ShownAlert> {
  return awaitAlert(monitor.url, { name, subject, state }, sinceMs);
}
