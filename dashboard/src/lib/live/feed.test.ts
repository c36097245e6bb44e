import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addReports, emptyFeed, noteGap, noteSampled, pauseFeed, resumeFeed } from './feed.ts';

const test = suite('feed');

function report(eventId: string, given: Partial<LiveEvent> = {}): LiveEvent {
  const { stage = 'captured', service = 'capture' } = given;
  return {
    id: `${eventId}/${service}/${stage}/1`,
    eventId,
    stage,
    service,
    instance: 'local',
    topic: 'pis.public.products',
    partition: 0,
    offset: '1',
    key: eventId,
    occurredAtUs: 1_000_000,
    atUs: 1_004_000,
    durationUs: null,
    attempt: 1,
    error: null,
    traceId: null,
    details: { entity: 'products', op: 'update', changed: [{ column: 'price', after: '1' }] },
    ...given,
  };
}

const processed = (eventId: string, service: string, atUs: number) =>
  report(eventId, { stage: 'processed', service, atUs, details: {} });
const ids = (feed: { rows: readonly { eventId: string }[] }) =>
  feed.rows.map(({ eventId }) => eventId);
const start = emptyFeed({ capacity: 3, withSnapshots: false });

test('reports of an event are one row, the newest event first', () => {
  const feed = addReports(start, [
    report('a'),
    report('b'),
    processed('a', 'catalogue', 1_008_000),
    processed('a', 'pricing', 1_006_000),
  ]);
  assert.equal(ids(feed), ['b', 'a']);
  assert.equal(feed.rows[1]?.steps, { catalogue: 'done', pricing: 'done' });
  assert.is(feed.rows[1]?.latencyMs, 8);
  assert.is(feed.rows[0]?.latencyMs, null);
});

test('a report that comes twice changes nothing', () => {
  const once = addReports(start, [report('a'), processed('a', 'pricing', 1_006_000)]);
  const twice = addReports(once, [report('a'), processed('a', 'pricing', 1_006_000)]);
  assert.equal(twice.rows, once.rows);
});

test('a consumer may report before the capture does', () => {
  const feed = addReports(start, [processed('a', 'pricing', 1_006_000), report('a')]);
  assert.is(feed.rows[0]?.origin, 'captured');
  assert.is(feed.rows[0]?.op, 'update');
  assert.equal(feed.rows[0]?.steps, { pricing: 'done' });
});

test('the oldest rows go beyond the capacity, paused or not', () => {
  const feed = addReports(
    start,
    ['a', 'b', 'c', 'd'].map((id) => report(id)),
  );
  assert.equal(ids(feed), ['d', 'c', 'b']);
  const paused = addReports(
    pauseFeed(feed),
    ['e', 'f', 'g', 'h'].map((id) => report(id)),
  );
  assert.is(paused.byEvent.size, 3);
});

test('a pause keeps what is on show, goes on with its steps, and counts what is new', () => {
  const paused = addReports(pauseFeed(addReports(start, [report('a')])), [
    processed('a', 'pricing', 1_006_000),
    report('b'),
    processed('b', 'pricing', 1_006_000),
    report('c'),
  ]);
  assert.equal(ids(paused), ['a']);
  assert.equal(paused.rows[0]?.steps, { pricing: 'done' });
  assert.is(paused.newSincePause, 2);
  const resumed = resumeFeed(paused);
  assert.equal(ids(resumed), ['c', 'b', 'a']);
  assert.is(resumed.newSincePause, 0);
});

test('snapshot reads are hidden and counted, unless they are wanted', () => {
  const read = report('a', { details: { op: 'read', snapshot: true } });
  const feed = addReports(start, [read, report('b')]);
  assert.equal(ids(feed), ['b']);
  assert.is(feed.hidden, 1);
  const all = addReports(emptyFeed({ capacity: 3, withSnapshots: true }), [read]);
  assert.is(all.rows[0]?.isSnapshot, true);
});

test('what was left out or lost is said', () => {
  const feed = noteGap(noteSampled(start, 40), { partition: 0, from: '5', to: '12' });
  assert.is(feed.sampled, 40);
  assert.is(feed.lost, 7);
});

test('failures show, and give way to what came of them', () => {
  const failed = report('a', { stage: 'parked', service: 'pricing', details: {} });
  const feed = addReports(start, [report('a'), failed]);
  assert.equal(feed.rows[0]?.steps, { pricing: 'parked' });
  const after = addReports(feed, [processed('a', 'pricing', 9_000_000)]);
  assert.equal(after.rows[0]?.steps, { pricing: 'done' });
});

test.run();
