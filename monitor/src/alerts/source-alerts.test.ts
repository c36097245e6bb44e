import type { SourceFacts } from '@shelfcast/connect-config/health/check-source';
import {
  broker,
  capture,
  connectorIn,
  products,
  server,
  slot,
  source,
} from '@shelfcast/connect-config/testing/facts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Condition } from './alert.ts';
import { judgeSource } from './source-alerts.ts';

const MIB = 1024n ** 2n;
const thresholds = {
  ALERT_LAG_SECONDS: 20,
  ALERT_ERROR_PERCENT: 5,
  ALERT_DEAD_LETTERS: 1,
  ALERT_SLOT_BUDGET_PERCENT: 80,
  ALERT_HEARTBEAT_SECONDS: 15,
  ALERT_RECORD_PERCENT: 80,
};
const DOWN = { reached: false, why: 'refused' } as const;

const test = suite('alerts of the source');

function conditionsOf(facts: Partial<SourceFacts>): readonly Condition[] {
  const options = { slotName: 'shelfcast', burnRate: undefined, thresholds };
  return judgeSource({ ...source, ...facts }, options).conditions;
}
const told = (facts: Partial<SourceFacts>): string[] =>
  conditionsOf(facts).map(({ name, subject }) => `${name} ${subject}`);
const database = (facts: Partial<typeof capture>): Partial<SourceFacts> => ({
  database: { reached: true, facts: { server, capture: { ...capture, ...facts } } },
});
const kafka = (facts: Partial<typeof broker>): Partial<SourceFacts> => ({
  broker: { reached: true, facts: { ...broker, ...facts } },
});
const late = { heartbeatAtMs: 1, heartbeatAgeMs: 16_000, changeAgeMs: undefined };
const without = (topic: string) => new Set([...broker.existing].filter((name) => name !== topic));
/** Consumers that wait for tables of schema `public`. */
const awaited = (consumers: readonly string[], ...tables: string[]): Partial<SourceFacts> => ({
  awaited: {
    reached: true,
    facts: tables.flatMap((table) =>
      consumers.map((consumer) => ({
        ...{ consumer, topic: `pis.public.${table}` },
        of: { schema: 'public', table },
      })),
    ),
  },
});

test('nothing where all is well', () => assert.equal(told({}), []));

const cases: [string, Partial<SourceFacts>, string[]][] = [
  ['no slot', database({ slot: undefined }), ['SlotLost shelfcast']],
  [
    'no slot before there is a connector',
    {
      ...database({ slot: undefined }),
      connect: { reached: true, facts: { connector: undefined } },
    },
    ['NotCapturing products'],
  ],
  [
    'no slot while Connect cannot be asked',
    { ...database({ slot: undefined }), connect: DOWN },
    ['Unreachable Kafka Connect'],
  ],
  [
    'an invalidated slot',
    database({ slot: { ...slot, walStatus: 'lost' } }),
    ['SlotLost shelfcast'],
  ],
  ['a slot that nothing streams from', database({ slot: { ...slot, active: false } }), []],
  [
    'a slot with little left',
    database({ slot: { ...slot, retainedWalBytes: 900n * MIB, safeWalSize: 100n * MIB } }),
    ['SlotBudget shelfcast'],
  ],
  ['an offset beyond the WAL', database({ currentLsn: 0n }), ['SlotLost shelfcast']],
  ['a heartbeat that does not arrive', kafka({ arrivals: late }), ['NoHeartbeat shelfcast']],
  [
    'a topic that is missing, and what waits behind a record for it',
    kafka({ arrivals: late, existing: without('pis.public.products') }),
    ['TopicMissing pis.public.products', 'NoHeartbeat shelfcast'],
  ],
  [
    'consumers that wait for a table, which is not captured, and for one that is',
    awaited(['catalogue', 'orders'], 'orders', 'products'),
    ['ConsumerWaits pis.public.orders'],
  ],
  [
    'a failed task, which TaskFailed tells of',
    { connect: { reached: true, facts: connectorIn('RUNNING', [{ state: 'FAILED' }]) } },
    [],
  ],
  [
    'a connector that was stopped',
    { connect: { reached: true, facts: connectorIn('STOPPED', []) } },
    ['NotCapturing products'],
  ],
  [
    'a table that is gone',
    database({ tables: [{ ...products, exists: false }] }),
    ['TableChanged public.products'],
  ],
  [
    'everything down',
    { database: DOWN, broker: DOWN, connect: DOWN },
    ['Unreachable Postgres', 'Unreachable Kafka', 'Unreachable Kafka Connect'],
  ],
];
for (const [given, facts, expected] of cases) {
  test(given, () => assert.equal(told(facts), expected));
}

test('every problem has what mends it', () => {
  for (const [, facts] of cases) {
    for (const { name, remedy } of conditionsOf(facts))
      assert.match(remedy ?? '', /^(YES=1 )?make /, name);
  }
});

test('consumers that wait for one table are told of together', () => {
  const [only] = conditionsOf(awaited(['catalogue', 'orders'], 'orders'));
  assert.is(
    only?.summary,
    'catalogue and orders wait for topic pis.public.orders, but public.orders is not captured: nothing of it comes.',
  );
  assert.is(only?.remedy, 'make connector-add-table TABLE=public.orders');
});

test('two findings of one alert about one table are one condition', () => {
  const tables = [{ ...products, replicaIdentityFull: false, readable: false }];
  const both = [{ ...products, readable: false, waitsForSnapshot: true }];
  assert.equal(told(database({ tables })), [
    'TableChanged public.products',
    'TableNotRead public.products',
  ]);
  const [only, ...others] = conditionsOf(database({ tables: both }));
  assert.equal(others, []);
  assert.match(only?.summary ?? '', /may not read public\.products.*still waits/);
});

test('what depends on a part that does not answer stays as it is', () => {
  const options = { slotName: 'shelfcast', burnRate: undefined, thresholds };
  const { unknown } = judgeSource({ ...source, broker: DOWN }, options);
  assert.equal([...unknown].sort(), ['ConsumerWaits', 'NoHeartbeat', 'TopicMissing']);
  const noConsumers = judgeSource({ ...source, awaited: DOWN }, options);
  assert.equal([...noConsumers.unknown], ['ConsumerWaits']);
});

test.run();
