import type { Change } from '@shelfcast/schemas/change';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';
import { encodePosition } from '@shelfcast/schemas/position';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptureReporting, capturedReport, isReported } from './captured-report.ts';
import { capturedTopics } from './start.ts';

const reporting: CaptureReporting = {
  instance: 'local',
  snapshotReportEvery: 1,
  shorten: { maskedColumns: new Set(['description']), maxValueLength: 8 },
};

function change(nr: number, snapshot: boolean): Change {
  const position = encodePosition({ epoch: 1n, sequence: [null, BigInt(nr)], snapshot });
  return {
    id: `change-${nr}`,
    origin: 'cdc',
    instance: 'local',
    entity: 'products',
    key: `P-${nr}`,
    op: snapshot ? 'read' : 'update',
    before: snapshot
      ? null
      : { product_id: `P-${nr}`, price: '19.90', description: 'old', name: 'x' },
    after: { product_id: `P-${nr}`, price: '17.90', description: 'new', name: 'x'.repeat(20) },
    occurredAtUs: 5n,
    position,
    epoch: 1n,
    source: { schema: 'public', table: 'products', lsn: null, txId: null, snapshot },
    debeziumAtUs: 6n,
    brokerAtMs: 7,
    record: { topic: 'pis.public.products', partition: 0, offset: BigInt(nr) },
  };
}

test('a captured change is reported with its times and the columns that changed, bounded and masked', () => {
  const report = capturedReport(change(1, false), reporting, { nowUs: 9n, recordBytes: 1_000 });
  assert.is(report.stage, 'captured');
  assert.is(
    report.id,
    capturedReport(change(1, false), reporting, { nowUs: 99n, recordBytes: 1_000 }).id,
  );
  assert.equal([report.occurredAt, report.at], [5n, 9n]);
  const { changed, debeziumAtUs, brokerAtMs, standsFor } = parseDetails(report);
  assert.equal([debeziumAtUs, brokerAtMs, standsFor], ['6', 7, undefined]);
  const columns = new Map(changed?.map((column) => [column.column, column]));
  assert.equal([columns.get('price')?.before, columns.get('price')?.after], ['19.90', '17.90']);
  assert.not.match(columns.get('description')?.after ?? '', 'new');
  assert.ok((columns.get('name')?.after ?? '').length <= 9);
});

test('of snapshot reads one in so many is reported, always the same, and says how many it stands for', () => {
  const sampled = { ...reporting, snapshotReportEvery: 10 };
  const reads = Array.from({ length: 2_000 }, (_, nr) => change(nr, true));
  const reported = reads.filter((read) => isReported(read, sampled));
  assert.ok(Math.abs(reported.length - 200) < 60, `${reported.length} of 2000`);
  assert.equal(
    reads.filter((read) => isReported(read, sampled)).map(({ id }) => id),
    reported.map(({ id }) => id),
  );
  const [first] = reported;
  assert.ok(first);
  assert.is(
    parseDetails(capturedReport(first, sampled, { nowUs: 1n, recordBytes: 1_000 })).standsFor,
    10,
  );
  assert.ok(isReported(change(3, false), sampled), 'a streamed change always is');
});

test("topics of captured tables, now and later, without the pipeline's own", () => {
  const topics = capturedTopics('pis.eu+1');
  assert.ok(topics.test('pis.eu+1.public.reviews'));
  for (const other of ['pis.eu+1.shelfcast.heartbeat', 'pisXeu+1.public.products', 'monitoring']) {
    assert.not(topics.test(other), other);
  }
});

test.run();
