import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ApiError } from '../../lib/api/problem.ts';
import { failed, known, knownValue, LOADING } from '../../lib/loaded.ts';
import { report } from '../event/testing.ts';
import { errorChart, latencyChart, throughputChart } from './charts.ts';
import { type EdgeTimes, medianOf, withReports } from './edge-times.ts';
import type { PipelineFacts, PipelineMap } from './map-parts.ts';
import { mapSentence, pipelineMap } from './pipeline.ts';

const test = suite('overview');
const slot = {
  active: true,
  walStatus: 'reserved',
  retainedWalBytes: '18000000',
  safeWalSize: '4000000000',
  invalidationReason: null,
};
const replication = {
  ...{ slotName: 'shelfcast', slot, burnRate: null },
  ...{ heartbeatAgeMs: 900, heartbeatWrittenAgeMs: 800, remedy: null },
};
const task = { id: 0, state: 'RUNNING', worker: 'w', failure: null };
const connector = { name: 'products', state: 'RUNNING', failure: null, tasks: [task] };
const consumer = (name: string) => ({ name, paused: null, deadLetters: 0, retrying: 0 });
const facts = (given: Partial<PipelineFacts> = {}): PipelineFacts => ({
  summary: LOADING,
  live: {
    atMs: 0,
    reportsPerSecond: 6,
    failuresPerSecond: 0,
    services: { capture: { captured: 142 }, pricing: { processed: 141 } },
    latencyMs: null,
    clients: 1,
  },
  lag: known(new Map([['pricing', { service: 'pricing', messages: 0, seconds: 0, topics: [] }]])),
  connectors: known([connector]),
  replication: known(replication),
  consumers: known([consumer('pricing')]),
  alerts: known([]),
  unread: known([]),
  times: {},
  ...given,
});

const lanesOf = (map: PipelineMap) => knownValue(map.lanes) ?? [];

test('all is well: rates, no broken edge, one sentence', () => {
  const map = pipelineMap(facts());
  assert.is(mapSentence(map), 'Every change reaches every consumer.');
  assert.equal(map.connector.figures, ['142/s', '1/1 task']);
  const { toConnector, toKafka } = map;
  const [lane] = lanesOf(map);
  assert.equal(lane?.consumer.figures, ['141/s', 'lag 0']);
  for (const edge of [toConnector, toKafka, lane?.toConsumer, lane?.toEffect]) {
    assert.is(edge?.broken, undefined);
  }
});

test('a failed task breaks the edge to Kafka, and leads to the source', () => {
  const failure = { cause: 'x', meaning: null, remedy: null, needsResync: false };
  const failed = { ...connector, tasks: [{ ...task, state: 'FAILED', failure }] };
  const map = pipelineMap(facts({ connectors: known([failed]) }));
  assert.is(map.connector.status, 'bad');
  assert.is(map.toKafka.broken?.href, '/source');
  assert.is(mapSentence(map), 'Debezium: has failed.');
});

test('dead letters break the edge to the effect, and lead to them', () => {
  const consumers = known([{ ...consumer('pricing'), deadLetters: 5 }]);
  const map = pipelineMap(facts({ consumers }));
  assert.is(lanesOf(map)[0]?.effect.status, 'bad');
  assert.is(lanesOf(map)[0]?.toEffect.broken?.href, '/dead-letters?consumer=pricing');
  assert.is(mapSentence(map), 'pricing: 5 dead letters.');
});

test('a stopped and a paused consumer break the edge to them', () => {
  const silent = pipelineMap(
    facts({
      alerts: known([
        {
          name: 'ConsumerSilent',
          subject: 'pricing',
          severity: 'critical',
          state: 'firing',
          summary: '',
          remedy: null,
          runbook: '',
          sinceMs: 0,
          resolvedAtMs: null,
        },
      ]),
    }),
  );
  assert.is(lanesOf(silent)[0]?.toConsumer.broken?.href, '/consumers');
  const paused = { consumer: 'pricing', reason: 'r', pausedBy: 'me', pausedAt: '' };
  const map = pipelineMap(facts({ consumers: known([{ ...consumer('pricing'), paused }]) }));
  assert.is(lanesOf(map)[0]?.consumer.alarm, 'paused');
  assert.ok(lanesOf(map)[0]?.toConsumer.broken);
});

test('what could not be asked is not known, and nothing is called broken for it', () => {
  const lost = failed(new ApiError('away', { status: 503, code: 'unavailable' }));
  const map = pipelineMap(
    facts({ connectors: lost, replication: LOADING, lag: lost, live: undefined }),
  );
  assert.is(map.database.status, 'off');
  assert.is(map.database.word, 'not known yet');
  assert.is(map.kafka.word, 'not known');
  assert.is(map.toKafka.broken, undefined);
  assert.is(map.toConnector.perSecond, undefined);
  assert.is(mapSentence(map), 'Not known: products, Debezium, Kafka and pricing.');
  assert.equal(lanesOf(map)[0]?.consumer.figures, ['–', 'not known']);
});

test('each single answer that is missing keeps the head from saying that all is well', () => {
  for (const name of [
    'lag',
    'connectors',
    'replication',
    'consumers',
    'alerts',
    'unread',
  ] as const) {
    assert.match(mapSentence(pipelineMap(facts({ [name]: LOADING }))), /^Not known: /, name);
  }
});

test('topics that no consumer reads are named', () => {
  const one = { topic: 'pis.northwind.orders', records: 27_000 };
  assert.is(
    mapSentence(pipelineMap(facts({ unread: known([one]) }))),
    'Every change reaches every consumer. No consumer reads pis.northwind.orders: 27,000 records are kept there, and nothing acts on them.',
  );
});

test('edges know the median of the latest changes, snapshot reads aside', () => {
  const captured = (ms: number, snapshot = false) =>
    report({
      stage: 'captured',
      service: 'capture',
      occurredAtUs: 0,
      details: { snapshot, debeziumAtUs: `${ms * 1_000}`, brokerAtMs: ms + 2 },
    });
  let times: EdgeTimes = {};
  times = withReports(times, [captured(3), captured(9), captured(5), captured(900, true)]);
  assert.is(medianOf(times, 'read'), 5);
  assert.is(medianOf(times, 'written'), 2);
  assert.is(medianOf(times, 'pricing'), undefined);
  const many = withReports(times, Array(150).fill(captured(7)));
  assert.is(many.read?.length, 51);
});

test('charts: nothing counted is none of it, and no latency is a gap', () => {
  const series = (values: readonly (number | null)[]) => ({
    metric: 'throughput' as const,
    stepSeconds: 10,
    lines: [{ service: '', points: values.map((value, at) => ({ atMs: at * 10_000, value })) }],
  });
  const { lines, timesMs } = throughputChart(series([1, null, 3]), series([null, 2, null]));
  assert.equal(timesMs, [0, 10_000, 20_000]);
  assert.equal(lines[0]?.values, [1, 0, 3]);
  assert.equal(lines[1]?.values, [0, 2, 0]);
  const latency = latencyChart({
    ...series([]),
    lines: [
      {
        service: '',
        points: [
          { atMs: 0, value: null, latencyMs: null },
          { atMs: 1, value: 7, latencyMs: { count: 3, p50: 7, p95: 18, p99: 44 } },
        ],
      },
    ],
  });
  assert.equal(latency.lines[2]?.values, [null, 44]);
  assert.match(latency.summary, '44 ms at most');
  assert.is(errorChart(series([0, 0])).summary, 'none failed');
  assert.not(throughputChart(series([]), series([])).hasData);
  const gap = throughputChart(series([1, 1]), series([2]));
  assert.equal(gap.lines[1]?.values, [2, null], 'a step that was not answered is not none');
  assert.not(errorChart(series([null, null])).hasData, 'of no attempt, none failed');
});

test.run();
