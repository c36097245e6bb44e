import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asCurl, asSql } from './copies.ts';
import { diffRows, reportedRows } from './diff.ts';

const test = suite('copies and diff');
const record = {
  topic: 'pis.public.products',
  partition: 0,
  offset: '1',
  timestampMs: 0,
  key: { product_id: "P-'1" },
  keySchemaId: 1,
  valueSchemaId: 2,
  op: 'u',
  before: { product_id: "P-'1", price: '19.90', name: 'Oak', stock: 3 },
  after: { product_id: "P-'1", price: '17.90', name: 'O\'ak "x"', stock: 3 },
  source: { schema: 'public', table: 'products' },
  headers: {},
  sizeBytes: 10,
  unreadable: null,
};

test('SQL sets what changed, and quotes what people type', () => {
  assert.is(
    asSql(record),
    `update public.products\n   set price = '17.90',\n       name = 'O''ak "x"'\n where product_id = 'P-''1';`,
  );
  assert.is(
    asSql({ ...record, op: 'd', after: null }),
    `delete from public.products\n where product_id = 'P-''1';`,
  );
  const odd = { ...record, op: 'c', after: { 'a"b': null, ok: true }, source: { table: 'T x' } };
  assert.is(asSql(odd), 'insert into "T x" ("a""b", ok)\nvalues (null, true);');
  assert.is(asSql({ ...record, op: null, source: null }), undefined);
});

test('curl sends a manual event under its own id, and reads the way of a captured change', () => {
  const where = { origin: 'http://localhost:8080', eventId: 'e-1' };
  assert.is(asCurl(record, where), `curl 'http://localhost:8080/api/events/e-1'`);
  const sent = asCurl({ topic: 'country', op: null, after: { name: "Cote d'Ivoire" } }, where);
  assert.match(sent, `-H 'idempotency-key: e-1'`);
  assert.match(sent, `{"topic":"country","data":{"name":"Cote d'\\''Ivoire"}}`);
});

test('a diff has what changed first, digit by digit, and tells null from nothing', () => {
  const rows = diffRows(
    { a: 1, price: '1204.500', gone: null },
    { a: 1, price: '1204.50', big: '9007199254740993' },
  );
  assert.equal(rows, [
    { column: 'price', before: '1204.500', after: '1204.50', isChanged: true },
    { column: 'gone', before: 'null', after: undefined, isChanged: true },
    { column: 'big', before: undefined, after: '9007199254740993', isChanged: true },
    { column: 'a', before: '1', after: '1', isChanged: false },
  ]);
  assert.equal(reportedRows([{ column: 'price', before: null }]), [
    { column: 'price', before: 'null', after: undefined, isChanged: true },
  ]);
});

test.run();
