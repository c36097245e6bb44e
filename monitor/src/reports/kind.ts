import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { ReportKind } from '@shelfcast/schemas/monitor/numbers';
import { parseDetails, reportRound } from '@shelfcast/schemas/monitoring-event';

/** What is counted apart, and for how many events a report stands. */
export interface Counting {
  readonly kind: ReportKind;
  readonly weight: number;
}

/** Consumers say the same of most changes. */
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_LENGTH = 200;

/** How reports are counted: by what each says of itself alone. It remembers texts that it has read. */
export function createCounting(): (event: MonitoringEvent) => Counting {
  const known = new Map<string, Counting>();
  return (event) => {
    const { details } = event;
    let counting = details === null ? undefined : known.get(details);
    if (counting === undefined) {
      counting = byDetails(event);
      if (details !== null && details.length <= MAX_REMEMBERED_LENGTH) {
        if (known.size >= MAX_REMEMBERED) known.clear();
        known.set(details, counting);
      }
    }
    return counting.kind === 'live' && reportRound(event) > 0
      ? { ...counting, kind: 'redriven' }
      : counting;
  };
}

function byDetails(event: MonitoringEvent): Counting {
  const { snapshot, op, swept, standsFor } = parseDetails(event);
  const weight = Number.isInteger(standsFor) ? Math.max(1, Number(standsFor)) : 1;
  if (snapshot === true || op === 'read') return { kind: 'snapshot', weight };
  return { kind: swept === true ? 'resync' : 'live', weight };
}
