import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { ClientBase } from 'pg';
import { identifier } from '../reports/report-row.ts';
import { fromStoredReport, REPORT_COLUMNS, type StoredReport } from '../reports/stored-report.ts';

/** An event that failed a thousand times has a way that is long enough. */
const MAX_REPORTS = 1_000;

/** Every report about an event, the oldest first; none when it is not known. */
export async function readReportsOf(
  db: Pick<ClientBase, 'query'>,
  eventId: string,
): Promise<LiveEvent[]> {
  const { rows } = await db.query<StoredReport>({
    name: 'reports-of-event',
    text: `select ${REPORT_COLUMNS} from monitoring.reports r join monitoring.report_series s on s.id = r.series_id
      where r.event_id = $1 order by r.at limit ${MAX_REPORTS}`,
    values: [identifier(eventId)],
  });
  return rows.map(fromStoredReport);
}
