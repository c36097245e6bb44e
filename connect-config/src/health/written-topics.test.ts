import { assertAllOk, assertFinding } from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkWrittenTopics } from './check-written-topics.ts';
import { broker, capturedTables, connectorConfig, publication } from './testing/facts.ts';
import { writtenTopics } from './written-topics.ts';

const test = suite('health: topics that are written to');

const topicsOf = (config: Record<string, string>, tables = publication.tables) =>
  writtenTopics(config, tables).map(({ topic }) => topic);
const OWN = ['pis.shelfcast.heartbeat', '__debezium-heartbeat.pis', '__debezium-notifications.pis'];

test('those of captured tables and of the heartbeat; none of logical messages or signals', () => {
  assert.equal(topicsOf(connectorConfig).sort(), [...OWN, 'pis.public.products'].sort());
});

test('a published table that an entry matches in another case, or by a pattern', () => {
  const tables = ['Products', 'products_old', 'orders'].map((table) => ({
    ...{ schema: 'public', table, name: `public.${table}`, sqlName: table },
    ...{ columns: [], filtered: false },
  }));
  const loose = { ...connectorConfig, 'table.include.list': 'public.products, public\\.prod.*old' };
  assert.equal(
    topicsOf(loose, tables).sort(),
    [...OWN, 'pis.public.Products', 'pis.public.products_old'].sort(),
  );
  assert.equal(topicsOf(connectorConfig, tables).sort(), [...OWN, 'pis.public.products'].sort());
});

test('a table that the include list names and that was dropped: its records may still come', () => {
  const list = `${connectorConfig['table.include.list']},public\\.orders,public\\.(a|b)`;
  const topics = topicsOf({ ...connectorConfig, 'table.include.list': list });
  assert.equal(topics.sort(), [...OWN, 'pis.public.products', 'pis.public.orders'].sort());
});

test('transactions and messages, where the configuration has them', () => {
  const { 'message.prefix.exclude.list': _, ...config } = connectorConfig;
  const topics = topicsOf({ ...config, 'provide.transaction.metadata': 'true' });
  assert.ok(topics.includes('pis.transaction'));
  assert.ok(topics.includes('pis.message'));
});

test('all there', () => assertAllOk(checkWrittenTopics(broker, capturedTables)));

test('the topic of a captured table is gone, and with it what it held', () => {
  const existing = new Set([...broker.existing].filter((name) => name !== 'pis.public.products'));
  assertFinding(checkWrittenTopics({ ...broker, existing }, capturedTables), {
    check: 'topic',
    level: 'problem',
    summary: /pis\.public\.products does not exist.*every table.*lost/,
    remedy: /^make connector-register && /,
  });
});

test('a table that was added by hand has no topic', () => {
  const written = [...broker.written, { topic: 'pis.public.orders', table: 'public.orders' }];
  assertFinding(checkWrittenTopics({ ...broker, written }, capturedTables), {
    check: 'topic',
    level: 'problem',
    summary: /pis\.public\.orders does not exist.*public\.orders go, which is not captured/,
    remedy: /^make connector-register$/,
  });
});

test('a topic that a service writes to', () => {
  const existing = new Set([...broker.existing].filter((name) => name !== 'catalogue.dlq'));
  assertFinding(checkWrittenTopics({ ...broker, existing }, capturedTables), {
    check: 'topic',
    level: 'problem',
    summary: /catalogue\.dlq does not exist/,
    remedy: /^make connector-register$/,
  });
});

test.run();
