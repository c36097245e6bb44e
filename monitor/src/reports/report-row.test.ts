import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { reportId } from '@shelfcast/schemas/monitoring-event';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCounting } from './kind.ts';
import { toRow } from './report-row.ts';

const test = suite('rows of reports');

const report: MonitoringEvent = {
  id: 'e-1/catalogue/processed/1',
  eventId: 'e-1',
  stage: 'processed',
  service: 'catalogue',
  instance: 'local',
  topic: 'pis.public.products',
  partition: 1,
  offset: 2n,
  key: 'P-1',
  occurredAt: 1_000_000n,
  at: 2_000_000n,
  durationUs: null,
  attempt: 1,
  error: null,
  traceId: null,
  details: null,
};

test('of an id the part is kept that the other columns do not say', () => {
  assert.is(toRow(report).reportKey, '1');
  assert.is(toRow({ ...report, id: "another service's" }).reportKey, "another service's");
});

test('times are ones that Postgres has, texts are ones that an index has', () => {
  const row = toRow({ ...report, occurredAt: 2n ** 63n - 1n, at: -(2n ** 63n), key: 'a\u0000b' });
  assert.is(new Date(row.occurredAtUs / 1000).getUTCFullYear(), 9999);
  assert.is(new Date(row.atUs / 1000).getUTCFullYear(), 1);
  assert.is(row.key, 'a\uFFFDb');
  const long = toRow({ ...report, eventId: 'e'.repeat(1_000) });
  const other = toRow({ ...report, eventId: `${'e'.repeat(999)}f` });
  assert.ok(long.eventId.length <= 400);
  assert.is.not(long.eventId, other.eventId, 'two long ids stay two');
});

test('what is counted apart says so itself', () => {
  const kindOf = (more: Partial<MonitoringEvent>) => createCounting()({ ...report, ...more });
  assert.equal(kindOf({}), { kind: 'live', weight: 1 });
  assert.equal(kindOf({ details: '{"snapshot":true,"standsFor":10}' }), {
    kind: 'snapshot',
    weight: 10,
  });
  assert.is(kindOf({ details: '{"swept":true}' }).kind, 'resync');
  const about = { eventId: 'e-1', service: 'catalogue', stage: 'processed', attempt: 2 } as const;
  assert.is(kindOf({ id: reportId({ ...about, round: 3 }) }).kind, 'redriven');
  assert.is(kindOf({ id: reportId(about) }).kind, 'live');
});

test.run();
