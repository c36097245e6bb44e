import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report, step, timeline } from './testing.ts';
import { layOut } from './waterfall.ts';

const test = suite('waterfall');
const way = [
  step('committed', 'database'),
  step('decoded', 'debezium', { sinceCommitMs: 3, gapMs: 3 }),
  step('appended', 'kafka', { sinceCommitMs: 5, gapMs: 2 }),
];
const readable = { stage: 'appended', service: 'kafka' };

test('each bar begins where what it followed ended, and shows how much of it was work', () => {
  const done = step('processed', 'pricing', {
    sinceCommitMs: 10,
    gapMs: 5,
    after: readable,
    report: report({ durationUs: 2_000 }),
  });
  const { bars, totalMs } = layOut(timeline({ stages: [...way, done] }));
  assert.is(totalMs, 10);
  const last = bars.at(-1);
  assert.is(last?.kind, 'done');
  assert.is(last?.left, 0.5);
  assert.is(last?.width, 0.5);
  assert.ok(Math.abs((last?.work ?? 0) - 0.4) < 1e-9);
});

test('steps of one consumer stay together, and what is missing is drawn to the end', () => {
  const stages = [
    ...way,
    step('failed', 'pricing', { sinceCommitMs: 6, gapMs: 1, report: report({ stage: 'failed' }) }),
    step('processed', 'catalogue', { sinceCommitMs: 7, gapMs: 2, report: report() }),
    step('parked', 'pricing', { sinceCommitMs: 8, gapMs: 2, report: report({ stage: 'parked' }) }),
  ];
  const missing = [{ stage: 'processed', service: 'inventory' }];
  const { bars } = layOut(timeline({ stages, missing }));
  assert.equal(
    bars.slice(3).map(({ service, stage }) => `${service} ${stage}`),
    ['pricing failed', 'pricing parked', 'catalogue processed', 'inventory processed'],
  );
  const last = bars.at(-1);
  assert.is(last?.kind, 'missing');
  assert.is((last?.left ?? 0) + (last?.width ?? 0), 1);
});

test('a step that came hours later does not hide the others', () => {
  const redriven = step('processed', 'pricing', {
    sinceCommitMs: 7_200_000,
    gapMs: 7_199_000,
    report: report(),
  });
  const failed = step('failed', 'pricing', {
    sinceCommitMs: 9,
    gapMs: 4,
    report: report({ stage: 'failed' }),
  });
  const { bars, ticks, isLogarithmic } = layOut(timeline({ stages: [...way, failed, redriven] }));
  assert.ok(isLogarithmic);
  assert.ok((bars[1]?.width ?? 0) > 0.05);
  assert.ok(ticks.some(({ ms }) => ms === 3_600_000));
});

test('nothing is drawn outside, even with clocks that differ', () => {
  const skewed = step('processed', 'pricing', {
    sinceCommitMs: 0,
    clockSkewMs: 12,
    after: readable,
    report: report({ durationUs: 5_000_000 }),
  });
  for (const stages of [[skewed], [...way, skewed], []]) {
    for (const { left, width, work } of layOut(timeline({ stages })).bars) {
      assert.ok(left >= 0 && width > 0 && left + width <= 1.000001, `${left} ${width}`);
      assert.ok(work >= 0 && work <= 1);
    }
  }
});

test('ticks are few, and round', () => {
  const done = step('processed', 'pricing', { sinceCommitMs: 9.3, gapMs: 4, report: report() });
  const { ticks } = layOut(timeline({ stages: [...way, done] }));
  assert.equal(
    ticks.map(({ ms }) => ms),
    [5],
  );
});

test.run();
