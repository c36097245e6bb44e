import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFetchSession, type FetchedTopic } from './fetch-session.ts';

const at = (offsets: Readonly<Record<number, number>>, topic = 'products'): FetchedTopic => ({
  topic,
  partitions: Object.entries(offsets).map(([partition, offset]) => ({
    partition: Number(partition),
    fetchOffset: String(offset),
    maxBytes: 1_000,
  })),
});
const named = (topics: readonly FetchedTopic[]) =>
  topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, fetchOffset }) => `${topic}/${partition}@${fetchOffset}`),
  );

test('the first fetch names everything, later ones what has moved', () => {
  const session = createFetchSession();
  const first = session.next([at({ 0: 5, 1: 7 })]);
  assert.equal([first.sessionId, first.sessionEpoch], [0, 0]);
  assert.equal(named(first.topics), ['products/0@5', 'products/1@7']);
  session.accepted(42);

  const second = session.next([at({ 0: 5, 1: 8 })]);
  assert.equal([second.sessionId, second.sessionEpoch], [42, 1]);
  assert.equal(named(second.topics), ['products/1@8']);
  session.accepted(42);

  const third = session.next([at({ 0: 5, 1: 8 })]);
  assert.equal([third.sessionEpoch, named(third.topics)], [2, []]);
});

test('what is no longer asked for is forgotten, and named again when it comes back', () => {
  const session = createFetchSession();
  session.next([at({ 0: 5, 1: 7 }), at({ 0: 1 }, 'countries')]);
  session.accepted(42);
  const paused = session.next([at({ 0: 5 })]);
  assert.equal(paused.forgottenTopics, [
    { topic: 'products', partitions: [1] },
    { topic: 'countries', partitions: [0] },
  ]);
  session.accepted(42);
  const resumed = session.next([at({ 0: 5, 1: 7 })]);
  assert.equal([named(resumed.topics), resumed.forgottenTopics], [['products/1@7'], []]);
});

test('after an error, and with a broker that keeps no sessions, everything is named', () => {
  const session = createFetchSession();
  session.next([at({ 0: 5 })]);
  session.accepted(42);
  session.next([at({ 0: 6 })]);
  session.reset();
  const restarted = session.next([at({ 0: 6 })]);
  assert.equal(
    [restarted.sessionId, restarted.sessionEpoch, named(restarted.topics)],
    [0, 0, ['products/0@6']],
  );
  session.accepted(0);
  const again = session.next([at({ 0: 6 })]);
  assert.equal(
    [again.sessionId, again.sessionEpoch, named(again.topics)],
    [0, 0, ['products/0@6']],
  );
});

test.run();
