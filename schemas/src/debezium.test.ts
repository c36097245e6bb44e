import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Change, UNCHANGED } from './change.ts';
import { changeFromEnvelope, type EnvelopeRecord } from './debezium.ts';
import { ChangeError } from './errors.ts';

const SOURCE = {
  schema: 'public',
  table: 'products',
  ts_ms: 1_700_000_000_123n,
  ts_us: 1_700_000_000_123_456n,
  sequence: '["100","200"]',
  lsn: 200n,
  txId: 77n,
  snapshot: 'false',
};
const ENVELOPE = {
  before: { product_id: 'p-1', price: '19.90' },
  after: { product_id: 'p-1', price: '17.90' },
  source: SOURCE,
  op: 'u',
  ts_ms: 1_700_000_000_125n,
  ts_us: 1_700_000_000_125_001n,
};
const RECORD: EnvelopeRecord = {
  instance: 'local',
  topic: 'pis.public.products',
  partition: 3,
  offset: 42n,
  timestampMs: 1_700_000_000_130,
  key: { product_id: 'p-1' },
  value: ENVELOPE,
  headers: { epoch: Buffer.from('1700000000') },
};

function change(envelope: object = {}, record: Partial<EnvelopeRecord> = {}): Change {
  const result = changeFromEnvelope({ ...RECORD, value: { ...ENVELOPE, ...envelope }, ...record });
  if (result === null) throw new Error('expected a change');
  return result;
}

function refusal(envelope: object, record: Partial<EnvelopeRecord> = {}): string {
  try {
    change(envelope, record);
  } catch (error) {
    if (error instanceof ChangeError) return error.code;
    throw error;
  }
  return 'accepted';
}

test('an update becomes a change with its place, times and source', () => {
  const { id, ...rest } = change();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(rest, {
    origin: 'cdc',
    instance: 'local',
    entity: 'products',
    key: 'p-1',
    op: 'update',
    before: { product_id: 'p-1', price: '19.90' },
    after: { product_id: 'p-1', price: '17.90' },
    occurredAtUs: 1_700_000_000_123_456n,
    position: '000000006553f100-0000000000000064-00000000000000c8-1',
    epoch: 1_700_000_000n,
    source: { schema: 'public', table: 'products', lsn: 200n, txId: 77n, snapshot: false },
    debeziumAtUs: 1_700_000_000_125_001n,
    brokerAtMs: 1_700_000_000_130,
    record: { topic: 'pis.public.products', partition: 3, offset: 42n },
  });
});

test('a redelivery has the same id at any offset; any other change has another', () => {
  const id = change().id;
  const redelivered = change(
    { ts_ms: 9n, ts_us: 9n },
    { partition: 5, offset: 99n, timestampMs: 1 },
  );
  assert.is(redelivered.id, id);
  const others = [
    change({}, { instance: 'other' }),
    change({}, { topic: 'pis.public.products2' }),
    change({}, { key: { product_id: 'p-2' } }),
    change({}, { headers: {} }),
    change({ op: 'd' }),
    change({ op: 'r' }),
    change({ source: { ...SOURCE, sequence: '["100","201"]' } }),
    change({ source: { ...SOURCE, sequence: '["101","200"]' } }),
  ].map((other) => other.id);
  assert.is(new Set([id, ...others]).size, others.length + 1);
});

test('the id of a change never changes between releases', () => {
  assert.is(change().id, 'f77c263e-b03f-808b-9aec-96a17c7f1c67');
});

test('a read sorts before the streamed change of the same place', () => {
  const read = change({ op: 'r', source: { ...SOURCE, snapshot: 'incremental' } });
  assert.ok(read.source?.snapshot);
  assert.is(read.op, 'read');
  assert.ok(read.position < change().position);
});

test('the read of an incremental snapshot has no lsn, the first change no earlier commit', () => {
  const read = change({ op: 'r', source: { ...SOURCE, lsn: null, sequence: '["100",null]' } });
  assert.is(read.source?.lsn, null);
  assert.ok(read.position < change().position);
  const first = change({ source: { ...SOURCE, sequence: '[null,"200"]' } });
  assert.ok(first.position < read.position);
});

test('keys become text: one column, several columns, types other than text', () => {
  const key = (value: unknown) => change({}, { key: value }).key;
  assert.is(key({ id: 9_007_199_254_740_993n }), '9007199254740993');
  assert.is(key({ id: 7 }), '7');
  assert.is(key({ id: '19.90' }), '19.90');
  assert.is(key({ id: Buffer.from([0xde, 0xad]) }), '\\xdead');
  assert.is(key({ a: 'x', b: 1n }), '["x","1"]');
  assert.not(key({ a: 'x","y', b: 'z' }) === key({ a: 'x', b: 'y","z' }));
  assert.is(key('plain'), 'plain');
  assert.is(key({ id: '' }), '');
});

test('a truncate has no key, everything else needs one', () => {
  const truncate = change({ op: 't', before: null, after: null }, { key: null });
  assert.is(truncate.key, null);
  assert.is(truncate.op, 'truncate');
  for (const key of [null, undefined, {}, { id: null }, { a: 1, b: null }]) {
    assert.is(refusal({}, { key }), 'MISSING_KEY');
  }
});

test('a primary-key change is a delete of one key and a create of another', () => {
  const old = change({ op: 'd', after: null });
  const created = change({ op: 'c', before: null }, { key: { product_id: 'p-9' } });
  assert.equal([old.key, old.op, created.key, created.op], ['p-1', 'delete', 'p-9', 'create']);
  assert.not(old.id === created.id);
});

test('what was not sent is UNCHANGED, in every form Debezium gives it', () => {
  const text = '__debezium_unavailable_value';
  const bytes = Buffer.from(text);
  const after = {
    text,
    bytes,
    texts: [text],
    binaries: [bytes],
    ints: [...bytes],
    bigints: [...bytes].map(BigInt),
    uuids: ['b68a35a7-17ad-35b3-af2a-ae46edb4545a'],
    hstore: { [text]: text },
    hstoreJson: `{"${text}":"${text}"}`,
  };
  const row = change({ after }).after ?? {};
  for (const [column, value] of Object.entries(row)) assert.is(value, UNCHANGED, column);
  const near = {
    text: `${text} `,
    bytes: Buffer.from(`${text} `),
    texts: [text, text],
    ints: [95],
  };
  assert.equal(change({ after: near }).after, near);
});

test('structures become plain objects, arrays keep their items', () => {
  class Point {
    x = 1.5;
    wkb = Buffer.from([1]);
  }
  const { after } = change({ after: { point: new Point(), tags: ['a', null], none: null } });
  assert.equal(after, { point: { x: 1.5, wkb: Buffer.from([1]) }, tags: ['a', null], none: null });
});

test('records without an effect on a row are no change', () => {
  const nothing = (record: Partial<EnvelopeRecord>) => changeFromEnvelope({ ...RECORD, ...record });
  assert.is(nothing({ value: null }), null);
  assert.is(nothing({ topic: '__debezium-heartbeat.pis', value: { ts_ms: 1n } }), null);
  assert.is(nothing({ value: { ts_ms: 1n, ts_us: 1n, ts_ns: 1n } }), null);
  assert.is(nothing({ value: { status: 'END', id: '1:2', event_count: 3n, ts_ms: 1n } }), null);
  assert.is(nothing({ value: { op: 'm', source: SOURCE, message: { prefix: 'p' } } }), null);
  const bookkeeping = { ...SOURCE, schema: 'shelfcast', table: 'signal' };
  assert.is(nothing({ value: { ...ENVELOPE, source: bookkeeping } }), null);
});

test('a table outside public is known with its schema', () => {
  assert.is(
    change({ source: { ...SOURCE, schema: 'crm', table: 'accounts' } }).entity,
    'crm.accounts',
  );
});

test('commit time falls back to milliseconds, epoch to 0', () => {
  const { ts_us: _, ...old } = SOURCE;
  const result = change({ source: old, ts_us: null }, { headers: {} });
  assert.is(result.occurredAtUs, 1_700_000_000_123_000n);
  assert.is(result.debeziumAtUs, 1_700_000_000_125_000n);
  assert.is(result.epoch, 0n);
});

test('a header given twice counts with its last value', () => {
  const result = change({}, { headers: { epoch: [Buffer.from('1'), Buffer.from('2')] } });
  assert.is(result.epoch, 2n);
});

test('what cannot be understood is refused with its place, never guessed', () => {
  assert.is(refusal({ op: 'x' }), 'UNKNOWN_OP');
  assert.is(refusal({ op: 'constructor' }), 'UNKNOWN_OP');
  for (const sequence of [
    undefined,
    null,
    5n,
    '',
    'null',
    '[]',
    '["1"]',
    '["1","2","3"]',
    '[1,2]',
    '["-1","2"]',
    '["1","x"]',
    '["1","2"',
    '["1","999999999999999999999"]',
  ]) {
    assert.is(refusal({ source: { ...SOURCE, sequence } }), 'BAD_SEQUENCE', String(sequence));
  }
  for (const epoch of ['', '-1', '1.5', 'abc', '9'.repeat(19)]) {
    assert.is(refusal({}, { headers: { epoch } }), 'BAD_EPOCH', epoch);
  }
  for (const value of [
    'text',
    7,
    [],
    Buffer.from('x'),
    {},
    { op: 'u' },
    { op: 1, source: SOURCE },
    { op: 'u', source: {} },
  ]) {
    assert.is(refusal({}, { value }), 'NOT_AN_ENVELOPE', String(value));
  }
  assert.is(refusal({ after: 'row' }), 'NOT_AN_ENVELOPE');
  assert.throws(() => change({ op: 'x' }), /pis\.public\.products\[3\]@42/);
});

test.run();
