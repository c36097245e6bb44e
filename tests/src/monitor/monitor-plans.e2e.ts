// How Postgres answers what the monitor asks for every report: by the key, however many were committed together.

import { migrateMonitoring } from '@shelfcast/monitor/migrate';
import { readEarlier } from '@shelfcast/monitor/testing/completed';
import { toRow } from '@shelfcast/monitor/testing/report-row';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { QueryConfig } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase } from '../support/database.ts';
import { madeReport } from '../support/made-reports.ts';

/** A third of them in one transaction. */
const REPORTS = 90_000;
const COMMIT_MS = Date.UTC(2026, 5, 1);

test('what was reported of an event before is looked up by its key', async () => {
  const database = await createTestDatabase();
  await migrateMonitoring(database.url);
  const pool = createPool({
    ...{ url: database.url, max: 2, applicationName: 'plans', log: silentLogger() },
  });
  try {
    await pool.query(
      `create table monitoring.reports_made partition of monitoring.reports
       for values from ('2026-06-01') to ('2026-06-02')`,
    );
    await pool.query(
      `insert into monitoring.report_series (topic, service, stage)
       select 'made', 'service-' || nr, 'processed' from generate_series(1, 60) as nr`,
    );
    await pool.query(
      `insert into monitoring.reports (occurred_at, at, series_id, attempt, event_id, report_key, instance)
       select to_timestamp($2 / 1000.0) + case when nr % 3 = 0 then 0 else nr end * interval '1 ms',
         now(), 1 + nr % 60, 1, md5((nr / 4)::text), (nr % 7)::text, 'made'
       from generate_series(1, $1) as nr`,
      [REPORTS, COMMIT_MS],
    );
    await pool.query('analyze monitoring.reports_made');

    const plans: string[] = [];
    const client = await pool.connect();
    const explaining = Object.assign(Object.create(client), {
      async query({ text, values }: QueryConfig) {
        const { rows } = await client.query(`explain ${text}`, values);
        plans.push(rows.map((line) => line['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    });
    const row = toRow(
      madeReport({
        ...{ eventId: 'event-7', topic: 'made', service: 'service-1', stage: 'processed' },
        ...{ occurredAtUs: COMMIT_MS * 1_000, afterMs: 1 },
      }),
    );
    await readEarlier(
      explaining,
      [{ row, counting: { kind: 'live', weight: 1 } }],
      () => new Set(['service-1']),
    );
    client.release();
    assert.match(plans.join('\n'), /using reports_made_pkey/);
  } finally {
    await pool.end();
    await database.drop();
  }
});

test.run();
