import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  formatRetention,
  parseRetention,
  readersOf,
  topicKind,
  unreadSentence,
  unreadTopics,
} from '../topics/topic-messages.ts';
import { diffVerdict, schemaDiff, schemaFields } from './schema-diff.ts';

const test = suite('topics and schemas');
const record = (...fields: object[]) => ({ type: 'record', name: 'R', fields });
const decimal = { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 };

test('each difference says whom it breaks', () => {
  const older = record(
    { name: 'id', type: 'string' },
    { name: 'price', type: decimal },
    { name: 'stock', type: 'int' },
    { name: 'brand', type: 'string' },
    { name: 'note', type: 'string', default: '' },
    { name: 'kind', type: { type: 'enum', name: 'K', symbols: ['a'] } },
  );
  const newer = record(
    { name: 'id', type: 'string', doc: 'Identifier.' },
    { name: 'price', type: 'string' },
    { name: 'stock', type: 'long' },
    { name: 'kind', type: { type: 'enum', name: 'K', symbols: ['a', 'b'] } },
    { name: 'colour', type: ['null', 'string'], default: null },
    { name: 'weight', type: 'double' },
  );
  assert.equal(
    schemaDiff(older, newer).map(({ path, kind, breaks }) => `${path} ${kind}: ${breaks}`),
    [
      'id wording: safe',
      'price changed: both',
      'stock changed: oldReaders',
      'kind changed: oldReaders',
      'colour added: safe',
      'weight added: newReaders',
      'brand removed: oldReaders',
      'note removed: safe',
    ],
  );
  assert.is(diffVerdict(schemaDiff(older, newer)).isSafe, false);
  assert.is(diffVerdict(schemaDiff(older, older)).summary, 'nothing that readers see.');
});

test('a field that becomes nullable hurts old readers only; back again, new ones', () => {
  const sure = record({ name: 'a', type: 'string' });
  const maybe = record({ name: 'a', type: ['null', 'string'] });
  assert.is(schemaDiff(sure, maybe)[0]?.breaks, 'oldReaders');
  assert.is(schemaDiff(maybe, sure)[0]?.breaks, 'newReaders');
  assert.match(diffVerdict(schemaDiff(maybe, sure)).summary, 'written before');
});

test('of an envelope the row stands once, with its named types resolved', () => {
  const value = { type: 'record', name: 'Value', fields: [{ name: 'price', type: decimal }] };
  const envelope = record(
    { name: 'before', type: ['null', value], default: null },
    { name: 'after', type: ['null', 'Value'], default: null },
    { name: 'op', type: 'string' },
  );
  assert.equal(
    schemaFields(envelope).map(({ path, type }) => `${path}: ${type}`),
    ['after: record or null', 'after.price: decimal(12,2)', 'op: string'],
  );
});

test('a schema that holds itself ends', () => {
  const tree = record({ name: 'child', type: ['null', 'R'] });
  assert.is(schemaFields(tree).length, 1);
});

test('topics are told apart by their names', () => {
  const kind = (name: string, system = true) => topicKind({ name, system }).name;
  assert.is(kind('pis.public.products'), 'captured');
  assert.is(kind('pricing.dlq'), 'deadLetters');
  assert.is(kind('product_updates', false), 'events');
  assert.is(kind('orders.v1', false), 'events');
  assert.is(kind('monitoring'), 'reports');
  assert.is(kind('shelfcast-connect-offsets'), 'own');
});

test('retention is read as people write it', () => {
  assert.is(parseRetention('7 days'), 604_800_000);
  assert.is(parseRetention('12h'), 43_200_000);
  assert.is(parseRetention('for ever'), -1);
  for (const wrong of ['', '7', 'soon', '0 days']) assert.is(parseRetention(wrong), undefined);
  assert.is(parseRetention(formatRetention(604_800_000)), 604_800_000);
});

test('readers of a topic come with what waits for them', () => {
  const one = { topic: 'a', seconds: 0 };
  const partitions = [
    { ...one, service: 'pricing', partition: 0, messages: 2 },
    { ...one, service: 'pricing', partition: 1, messages: 3 },
    { ...one, topic: 'b', service: 'catalogue', partition: 0, messages: 1 },
  ];
  assert.equal(readersOf({ atMs: 0, partitions }, 'a'), [
    { service: 'pricing', messages: 5, isLate: false },
  ]);
});

test('topics with records that no consumer reads, our own aside', () => {
  const item = (topic: string, records: number) => ({ topic, records, partitions: [] });
  const sizes = {
    atMs: 0,
    items: [
      item('pis.public.products', 9),
      item('pis.northwind.orders', 5),
      item('pis.northwind.empty', 0),
      item('reviews', 7),
      item('pis.shelfcast.heartbeat', 90),
      item('monitoring', 90),
      item('pricing.dlq', 90),
      item('shelfcast-connect-offsets', 90),
      item('stock_alerts', 90),
    ],
  };
  const at = { partition: 0, messages: 0, seconds: 0 };
  const partitions = [
    { ...at, topic: 'pis.public.products', service: 'pricing' },
    { ...at, topic: 'pis.northwind.orders', service: 'capture-reports' },
  ];
  const unread = unreadTopics(sizes, { atMs: 0, partitions });
  assert.equal(unread, [
    { topic: 'reviews', records: 7 },
    { topic: 'pis.northwind.orders', records: 5 },
  ]);
  assert.is(
    unreadSentence(unread),
    'No consumer reads 2 topics: 12 records are kept there, and nothing acts on them.',
  );
  assert.is(unreadSentence([]), '');
});

test.run();
