import { eventually } from '@shelfcast/service-kit/eventually';
import type { BenchContext } from './context.ts';

const POLL_MS = 1_000;
const DRAIN_TIMEOUT_MS = 300_000;

/** Committed offsets reach the end: effects are durable and their reports acknowledged. */
export async function awaitNoLag({ admin, topic, groups, log }: BenchContext): Promise<void> {
  await eventually(
    async () => {
      const lags = await Promise.all(groups.map((group) => admin.groupLag(group, [topic])));
      const messages = lags.flat().reduce((sum, lag) => sum + Number(lag.messages), 0);
      if (messages === 0) return;
      log(`lag ${messages.toLocaleString('en')}`);
      throw new Error(`lag ${messages}`);
    },
    { what: 'the consumers to catch up', timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: POLL_MS },
  );
}
