import type { Page } from 'playwright-core';
import { z } from 'zod';

/** What the monitor sent to a page over its sockets, as the page's own client got it. */
export interface LiveFrames {
  /** Ids of the reports, in the order in which they came. */
  readonly reportIds: readonly string[];
  /** Reports that were left out, as the monitor told the page. */
  sampled(): number;
  /** Sockets that the page has opened. */
  sockets(): number;
}

const frame = z.tuple([z.string(), z.unknown()]);
const batchShape = z.object({
  items: z.array(z.object({ id: z.string(), topic: z.string() })),
  sampled: z.number(),
});

/** Reads along from now on: sockets that are opened later as well. Reports of other topics are left out. */
export function readFrames(page: Page, topic: string): LiveFrames {
  const reportIds: string[] = [];
  let sampled = 0;
  let sockets = 0;
  page.on('websocket', (socket) => {
    sockets += 1;
    socket.on('framereceived', ({ payload }) => {
      const batch = batchOf(`${payload}`);
      if (batch === undefined) return;
      sampled += batch.sampled;
      for (const item of batch.items) if (item.topic === topic) reportIds.push(item.id);
    });
  });
  return { reportIds, sampled: () => sampled, sockets: () => sockets };
}

/** A socket.io frame of an event is `42["events",{…}]`. */
function batchOf(payload: string): z.output<typeof batchShape> | undefined {
  if (!payload.startsWith('42["events"')) return undefined;
  const [, batch] = frame.parse(JSON.parse(payload.slice(2)));
  return batchShape.parse(batch);
}
