import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Change, type Row, UNCHANGED } from './change.ts';
import { captureDetails, parseDetails, reportOf } from './monitoring-event.ts';
import { encodePosition } from './position.ts';

const change = (before: Row | null, after: Row | null): Change => ({
  id: 'e-1',
  origin: 'cdc',
  instance: 'local',
  entity: 'products',
  key: 'p-1',
  op: 'update',
  before,
  after,
  occurredAtUs: 10n,
  position: encodePosition({ epoch: 0n, sequence: [1n, 2n], snapshot: false }),
  epoch: 0n,
  source: { schema: 'public', table: 'products', lsn: 2n, txId: 1n, snapshot: false },
  debeziumAtUs: 9_007_199_254_740_993n,
  brokerAtMs: 12,
  record: { topic: 'pis.public.products', partition: 1, offset: 5n },
});

test('a report says price 19.90 → 17.90 and survives the wire', () => {
  const report = reportOf({
    change: change({ price: '19.90', a: 1 }, { price: '17.90', a: 1 }),
    stage: 'captured',
    service: 'capture',
    instance: 'local',
    atUs: 20n,
    details: captureDetails(change({ price: '19.90', a: 1 }, { price: '17.90', a: 1 })),
  });
  assert.equal(parseDetails(report), {
    entity: 'products',
    op: 'update',
    snapshot: false,
    debeziumAtUs: '9007199254740993',
    brokerAtMs: 12,
    changed: [{ column: 'price', before: '19.90', after: '17.90' }],
  });
});

test('the same step has the same id; another stage, service, attempt or round has another', () => {
  const base = {
    change: change(null, null),
    service: 'catalogue',
    instance: 'a',
    atUs: 1n,
  } as const;
  const id = reportOf({ ...base, stage: 'failed' }).id;
  assert.is(reportOf({ ...base, stage: 'failed', instance: 'b', atUs: 9n, attempt: 1 }).id, id);
  const others = [
    reportOf({ ...base, stage: 'processed' }),
    reportOf({ ...base, stage: 'failed', service: 'pricing' }),
    reportOf({ ...base, stage: 'failed', attempt: 2 }),
    reportOf({ ...base, stage: 'failed', round: 1 }),
  ].map((report) => report.id);
  assert.is(new Set([id, ...others]).size, 5);
});

test('values are bounded, masked and readable', () => {
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`c${index}`, index]));
  const details = captureDetails(
    change(null, {
      secret: 's',
      blob: Buffer.alloc(5),
      big: 1n,
      list: [1n, 'x'],
      inner: { secret: 1, kept: 2 },
      long: 'y'.repeat(10_000_000),
      ...wide,
    }),
    {
      maskedColumns: new Set(['secret']),
      maxValueLength: 40,
      maxColumns: 7,
    },
  );
  assert.equal(details.changed, [
    { column: 'secret', after: '•••' },
    { column: 'blob', after: '5 bytes' },
    { column: 'big', after: '1' },
    { column: 'list', after: '["1","x"]' },
    { column: 'inner', after: '{"secret":"•••","kept":2}' },
    { column: 'long', after: `${'y'.repeat(39)}…` },
    { column: 'c0', after: '0' },
  ]);
  assert.is(details.changedOmitted, 29);
});

test('null is a value, what was not sent is none, and a character is never cut in two', () => {
  const details = captureDetails(change({ a: null, b: UNCHANGED }, { a: '12345678😀', b: 'x' }), {
    maxValueLength: 10,
  });
  assert.equal(details.changed, [
    { column: 'a', before: null, after: '12345678😀' },
    { column: 'b', after: 'x' },
  ]);
  const cut = captureDetails(change(null, { a: '12345678😀9' }), { maxValueLength: 10 });
  assert.equal(cut.changed, [{ column: 'a', after: '12345678…' }]);
});

test('details that are no object read as none', () => {
  for (const details of [null, '', 'x', '[]', '1', 'null']) {
    assert.equal(parseDetails({ details }), {});
  }
});

test.run();
