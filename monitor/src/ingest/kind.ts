import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { ReportKind } from '@shelfcast/schemas/monitor/numbers';
import { parseDetails, reportRound } from '@shelfcast/schemas/monitoring-event';

/** What is counted apart, and for how many events a report stands. */
export interface Counting {
  readonly kind: ReportKind;
  readonly weight: number;
}

/** How a report is counted: by what it says of itself alone. */
export function countingOf(event: MonitoringEvent): Counting {
  const { snapshot, op, swept, standsFor } = parseDetails(event);
  const weight = Number.isInteger(standsFor) ? Math.max(1, Number(standsFor)) : 1;
  if (snapshot === true || op === 'read') return { kind: 'snapshot', weight };
  if (swept === true) return { kind: 'resync', weight };
  return { kind: reportRound(event) > 0 ? 'redriven' : 'live', weight };
}
