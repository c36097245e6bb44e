import type { Lag } from '@shelfcast/schemas/monitor/numbers';
import type { ConsumerItem } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ApiError } from '../../lib/api/problem.ts';
import { failed, known, LOADING, mapLoaded } from '../../lib/loaded.ts';
import { consumerState, consumersSentence, isLate, lagByService } from './consumer-state.ts';
import { describeTrend, trendOf, withSample } from './trend.ts';

const test = suite('consumers');
const samples = (...pairs: [number, number][]) =>
  pairs.map(([seconds, messages]) => ({ atMs: seconds * 1_000, messages }));

test('a lag that shrinks says when it is caught up, one that grows by how much', () => {
  const shrinking = trendOf(samples([0, 4_000], [10, 3_000], [20, 2_000]));
  assert.equal(shrinking, { name: 'shrinking', perSecond: 100, caughtUpInMs: 20_000 });
  assert.is(describeTrend(shrinking), 'it catches up in about 20 s at the present rate');
  assert.equal(trendOf(samples([0, 10], [10, 40])), { name: 'growing', perSecond: 3 });
  assert.equal(trendOf(samples([0, 10], [10, 10])), { name: 'still' });
  assert.equal(trendOf(samples([0, 10], [10, 0])), { name: 'caughtUp' });
  assert.equal(trendOf(samples([0, 10], [1, 5])), { name: 'unknown' }, 'a second is no trend');
});

test('samples of the last minute are kept, each moment once', () => {
  const kept = samples([0, 1], [30, 2], [61, 3], [61, 3]).reduce(withSample, samples());
  assert.equal(kept, samples([30, 2], [61, 3]));
});

const lag: Lag = {
  atMs: 0,
  partitions: [
    { service: 'pricing', topic: 'b', partition: 1, messages: 3, seconds: 41 },
    { service: 'pricing', topic: 'b', partition: 0, messages: 0, seconds: 0 },
    { service: 'pricing', topic: 'a', partition: 0, messages: 7, seconds: null },
    { service: 'catalogue', topic: 'a', partition: 0, messages: 2, seconds: null },
  ],
};
const item: ConsumerItem = { name: 'pricing', paused: null, deadLetters: 0, retrying: 0 };

test('the lag of a consumer is that of its partitions together, as old as the oldest', () => {
  const pricing = lagByService(lag).get('pricing');
  assert.is(pricing?.messages, 10);
  assert.is(pricing?.seconds, 41);
  assert.equal(
    pricing?.topics.map(({ topic, partitions }) => [topic, partitions.map((one) => one.partition)]),
    [
      ['a', [0]],
      ['b', [0, 1]],
    ],
  );
  assert.is(lagByService(lag).get('catalogue')?.seconds, null, 'not known is not 0');
});

test('what has waited for less than a second is nothing to tell of', () => {
  assert.is(isLate({ messages: 1, seconds: 0.4 }), false);
  assert.is(isLate({ messages: 0, seconds: null }), false);
  assert.is(isLate({ messages: 1, seconds: 2 }), true);
  assert.is(isLate({ messages: 1, seconds: null }), true, 'not known is not young');
  const young = { service: 'pricing', messages: 2, seconds: 0.4, topics: [] };
  const { status, summary } = consumerState({
    item,
    lag: known(young),
    trend: { name: 'unknown' },
    alerts: known([]),
  });
  assert.equal([status, summary], ['ok', '2 changes wait.']);
});

test('the state says what is the matter, the worst first', () => {
  const pricing = lagByService(lag).get('pricing');
  const facts = { item, lag: known(pricing), trend: { name: 'still' }, alerts: known([]) } as const;
  assert.equal(consumerState(facts), {
    status: 'bad',
    word: 'behind',
    summary: '10 changes wait, the oldest since 41 s; it stands still.',
    isKnown: true,
  });
  const silent = {
    name: 'ConsumerSilent',
    subject: 'pricing',
    severity: 'critical',
    state: 'firing',
    summary: '',
    remedy: null,
    runbook: '',
    sinceMs: 0,
    resolvedAtMs: null,
  } as const;
  assert.is(consumerState({ ...facts, alerts: known([silent]) }).word, 'not running');
  const paused = { consumer: 'pricing', reason: 'x', pausedBy: 'otto', pausedAt: '' };
  const state = consumerState({ ...facts, item: { ...item, paused }, alerts: known([silent]) });
  assert.is(state.word, 'paused');
  assert.is(consumersSentence([state]), '1 consumer: 1 paused.');
});

test('unknown is not well: what was not answered yet, or failed, is said to be unknown', () => {
  const trend = { name: 'unknown' } as const;
  const none = lagByService({ atMs: 0, partitions: [] }).get('pricing');
  const lost = failed(new ApiError('away', { status: 503, code: 'unavailable' }));
  const state = (lag: Parameters<typeof consumerState>[0]['lag'], alerts: typeof lost) =>
    consumerState({ item, lag, trend, alerts });
  for (const [unknown, word] of [
    [LOADING, 'not known yet'],
    [lost, 'not known'],
  ] as const) {
    const summary = `How many changes wait is ${word}.`;
    assert.equal(state(unknown, unknown), { status: 'off', word, summary, isKnown: false });
    assert.is(state(known(none), unknown).status, 'off');
    const paused = { consumer: 'pricing', reason: 'x', pausedBy: 'otto', pausedAt: '' };
    const alerts = known([]);
    const held = consumerState({ item: { ...item, paused }, lag: unknown, trend, alerts });
    assert.match(held.summary, summary);
  }
  const idle = mapLoaded(known(lag), () => none);
  assert.is(
    consumerState({ item, lag: idle, trend, alerts: known([]) }).summary,
    'It has not read anything yet.',
  );
});

test.run();
