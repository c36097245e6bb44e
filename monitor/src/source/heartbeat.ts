import { captureOf, type SourceFacts } from '@shelfcast/connect-config/health/check-source';

/** How old the newest heartbeat is at both ends of its way; undefined: there is none, or it could not be asked. */
export interface Heartbeat {
  readonly writtenAgeMs: number | undefined;
  readonly arrivedAgeMs: number | undefined;
}

export function heartbeatOf(facts: SourceFacts): Heartbeat {
  const { broker } = facts;
  return {
    writtenAgeMs: captureOf(facts)?.heartbeatWrittenAgeMs,
    arrivedAgeMs: broker.reached ? broker.facts.arrivals.heartbeatAgeMs : undefined,
  };
}
