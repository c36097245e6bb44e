import { setTimeout as delay } from 'node:timers/promises';
import type { LiveEvent, LiveFilter } from '@shelfcast/schemas/monitor/live';
import { connectLive, type LiveClient } from './live-client.ts';

/** A page that is kept open: it connects again for as long as it takes, and goes on where it was. */
export interface LiveFollower {
  /** What came, over all connections, in order. */
  items(): LiveEvent[];
  /** How often it connected. */
  connections(): number;
  gaps(): number;
  sampled(): number;
  close(): Promise<void>;
}

const RETRY_MS = 200;

/** @param urls monitors, of which it takes the next for each connection */
export async function followLive(
  urls: readonly string[],
  filter: LiveFilter,
): Promise<LiveFollower> {
  const clients: LiveClient[] = [];
  let stopping = false;
  let since: string | null = null;
  let tries = 0;

  async function connect(): Promise<LiveClient> {
    const url = urls[tries % urls.length] ?? '';
    tries += 1;
    const client = await connectLive({ url, filter, since });
    clients.push(client);
    return client;
  }

  async function follow(first: LiveClient): Promise<void> {
    let client = first;
    while (!stopping) {
      if (!client.isConnected()) {
        since = client.cursor();
        client = await connect().catch(() => client);
      }
      await delay(RETRY_MS);
    }
    client.close();
  }

  const following = follow(await connect());
  const sum = (of: (client: LiveClient) => number): number =>
    clients.reduce((total, client) => total + of(client), 0);
  return {
    items: () => clients.flatMap(({ items }) => items),
    connections: () => clients.length,
    gaps: () => sum(({ gaps }) => gaps.length),
    sampled: () => sum((client) => client.sampled()),
    async close() {
      stopping = true;
      await following;
    },
  };
}
