import type { Lag } from '@shelfcast/schemas/monitor/numbers';
import type { ConsumerItem } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { consumerState, consumersSentence, isLate, lagByService } from './consumer-state.ts';
import { trendOf, trendWords, withSample } from './trend.ts';

const test = suite('consumers');
const samples = (...pairs: [number, number][]) =>
  pairs.map(([seconds, messages]) => ({ atMs: seconds * 1_000, messages }));

test('a lag that shrinks says when it is caught up, one that grows by how much', () => {
  const shrinking = trendOf(samples([0, 4_000], [10, 3_000], [20, 2_000]));
  assert.equal(shrinking, { name: 'shrinking', perSecond: 100, caughtUpInMs: 20_000 });
  assert.is(trendWords(shrinking), 'it catches up in about 20 s at the present rate');
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
  const { status, says } = consumerState({
    item,
    lag: young,
    trend: { name: 'unknown' },
    alerts: [],
  });
  assert.equal([status, says], ['ok', '2 changes wait.']);
});

test('the state says what is the matter, the worst first', () => {
  const pricing = lagByService(lag).get('pricing');
  const facts = { item, lag: pricing, trend: { name: 'still' }, alerts: [] } as const;
  assert.equal(consumerState(facts), {
    status: 'bad',
    word: 'behind',
    says: '10 changes wait, the oldest since 41 s; it stands still.',
  });
  const silent = {
    name: 'ConsumerSilent',
    subject: 'pricing',
    severity: 'critical',
    state: 'firing',
    says: '',
    mend: null,
    runbook: '',
    sinceMs: 0,
    resolvedAtMs: null,
  } as const;
  assert.is(consumerState({ ...facts, alerts: [silent] }).word, 'not running');
  const paused = { consumer: 'pricing', reason: 'x', pausedBy: 'otto', pausedAt: '' };
  const state = consumerState({ ...facts, item: { ...item, paused }, alerts: [silent] });
  assert.is(state.word, 'paused');
  assert.is(consumersSentence([state]), '1 consumer: 1 paused.');
});

test.run();
