import type { SourceFacts } from '@shelfcast/connect-config/health/check-source';
import { gatherSource, type SourceContext } from '@shelfcast/connect-config/health/gather-source';

export interface SourceReader {
  /** What the source told, at most a few seconds ago. Never rejects. */
  read(): Promise<SourceFacts>;
}

/** However many ask, the source is asked this often at most. */
const MAX_AGE_MS = 4_000;

/** Asks the source for all who want to know. */
export function createSourceReader(
  context: SourceContext & { readonly nowMs: () => number },
): SourceReader {
  const { nowMs } = context;
  let last: { readonly atMs: number; readonly facts: Promise<SourceFacts> } | undefined;
  const watch = createHeartbeatWatch(nowMs);
  return {
    read() {
      if (last === undefined || nowMs() - last.atMs >= MAX_AGE_MS) {
        last = { atMs: nowMs(), facts: gatherSource(context).then(watch) };
      }
      return last.facts;
    },
  };
}

/**
 * A broker whose clock is ahead would make every heartbeat a young one: its age is at least the time for which this process
 * has seen no newer.
 */
export function createHeartbeatWatch(nowMs: () => number): (facts: SourceFacts) => SourceFacts {
  let newest: { readonly atMs: number; readonly seenMs: number } | undefined;
  return (facts) => {
    if (!facts.broker.reached) return facts;
    const { arrivals, ...others } = facts.broker.facts;
    const { heartbeatAtMs, heartbeatAgeMs } = arrivals;
    if (heartbeatAtMs === undefined || heartbeatAgeMs === undefined) return facts;
    if (newest?.atMs !== heartbeatAtMs) newest = { atMs: heartbeatAtMs, seenMs: nowMs() };
    const age = Math.max(heartbeatAgeMs, nowMs() - newest.seenMs);
    const broker = { ...others, arrivals: { ...arrivals, heartbeatAgeMs: age } };
    return { ...facts, broker: { reached: true, facts: broker } };
  };
}
