import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { completedAt } from './completed.ts';
import { rolledUp } from './roll-up.ts';
import { seriesOf } from './series.ts';
import { createSketchReader } from './sketch.ts';
import { latencyOf, summarize } from './summarize.ts';
import { createTally, type NumbersRow, type ReadRow } from './tally.ts';

const test = suite('numbers');

/** Values from 1 ms to an hour, no two alike, in no order. */
const VALUES = Array.from({ length: 20_000 }, (_, nr) =>
  Math.exp((((nr * 7_919) % 20_000) / 20_000) * Math.log(3_600_000)),
);

function rowsOf(values: readonly number[], perBucket: number): NumbersRow[] {
  const tally = createTally();
  for (const [nr, latencyMs] of values.entries()) {
    const bucket = Math.floor(nr / perBucket) * 10;
    const place = {
      bucket,
      stepSeconds: 10,
      service: 'a',
      stage: 'processed',
      kind: 'live',
    } as const;
    tally.add(place, 1, latencyMs);
  }
  return tally.rows();
}

function read(rows: readonly NumbersRow[]): ReadRow[] {
  const sketches = createSketchReader(10);
  return rows.map((row) => ({
    ...row,
    latency: row.latency === null ? null : sketches.decode(row.latency),
  }));
}

test('percentiles are within 1 % of the true ones, however the values were spread and rolled up', () => {
  const sorted = [...VALUES].sort((a, b) => a - b);
  const fine = rowsOf(VALUES, 100);
  for (const rows of [
    fine,
    rolledUp(fine),
    rolledUp(fine, 60),
    rolledUp(rolledUp(fine, 60), 3600),
  ]) {
    const told = latencyOf(read(rows));
    assert.is(told?.count, VALUES.length);
    for (const [name, quantile] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const truth = sorted[Math.floor(quantile * (sorted.length - 1))] ?? 0;
      const is = told?.[name] ?? 0;
      assert.ok(Math.abs(is - truth) / truth <= 0.01, `${name}: ${is} for ${truth}`);
    }
  }
});

test('rolling up loses no count and keeps places apart', () => {
  const place = {
    bucket: 50,
    stepSeconds: 10,
    service: 'a',
    stage: 'failed',
    kind: 'live',
  } as const;
  const rows: NumbersRow[] = [
    { ...place, count: 1, latency: null },
    { ...place, count: 2, latency: null },
    { ...place, bucket: 60, count: 4, latency: null },
    { ...place, kind: 'snapshot', count: 8, latency: null },
  ];
  assert.equal(
    rolledUp(rows, 60).map(({ bucket, kind, count, stepSeconds }) => [
      bucket,
      kind,
      count,
      stepSeconds,
    ]),
    [
      [0, 'live', 3, 60],
      [60, 'live', 4, 60],
      [0, 'snapshot', 8, 60],
    ],
  );
});

test('an event is through when its slowest consumer is, for the first time', () => {
  const expected = new Set(['a', 'b']);
  const a = { service: 'a', stage: 'processed', atUs: 10 };
  const b = { service: 'b', stage: 'skipped', atUs: 30 };
  assert.is(completedAt([a], expected), undefined);
  assert.is(completedAt([a, b, { ...b, atUs: 99 }], expected), 30);
  assert.is(completedAt([{ ...a, stage: 'skipped' }, b], expected), undefined, 'none used it');
  assert.is(completedAt([a], new Set()), undefined, 'its readers are not known');
});

test('a summary: rates per second, errors of all attempts, and apart what is counted apart', () => {
  const row = (
    service: string,
    stage: string,
    count: number,
    kind: NumbersRow['kind'] = 'live',
  ) => ({
    ...{ bucket: 0, stepSeconds: 10, latency: null },
    ...{ service, stage, kind, count },
  });
  const { changesPerSecond, errorRate, services, apart } = summarize(
    [
      row('capture', 'captured', 50),
      row('producer-api', 'published', 50),
      row('a', 'processed', 90),
      row('a', 'failed', 10),
      row('a', 'processed', 7, 'snapshot'),
    ],
    { from: 0, to: 10 },
  );
  assert.is(changesPerSecond, 10);
  assert.is(errorRate, 0.1);
  const [a] = services;
  assert.equal([a?.service, a?.processedPerSecond, a?.errorRate], ['a', 9, 0.1]);
  assert.is(apart.snapshot?.services[0]?.processedPerSecond, 0.7);
});

test('a series has a point per step, empty ones too', () => {
  const rows = read(rowsOf([1, 2, 3, 4], 2));
  const { lines } = seriesOf('latency', rows, { from: 0, to: 30, stepSeconds: 10 });
  const own = lines.find(({ service }) => service === 'a');
  assert.equal(
    own?.points.map(({ value }) => value === null),
    [false, false, true],
  );
  const counted = seriesOf('processed', rows, { from: 0, to: 30, stepSeconds: 30 });
  assert.is(counted.lines.find(({ service }) => service === '')?.points[0]?.value, 4 / 30);
});

test.run();
