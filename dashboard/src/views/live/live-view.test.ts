import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ApiError } from '../../lib/api/problem.ts';
import { addReports, emptyFeed, type FeedRow } from '../../lib/live/feed.ts';
import { failed, known, LOADING } from '../../lib/loaded.ts';
import { report, step, timeline } from '../event/testing.ts';
import { filterCount, readFilters, rowFilter, serverFilter } from './filters.ts';
import { readHistory } from './history.ts';
import { nothingShown } from './nothing-shown.ts';
import { earlierRows, keepMatching, showIntervalMs, withEarlier } from './shown-rows.ts';
import { consumersByTopic, outcomeOf, stripOf } from './strip.ts';

const test = suite('live view');
const row = (given: Partial<FeedRow> = {}): FeedRow => ({
  eventId: 'e',
  topic: 'pis.public.products',
  key: 'P-1042',
  instance: 'local',
  occurredAtUs: 1_000,
  lastAtUs: 1_000,
  entity: 'products',
  op: 'update',
  isSnapshot: false,
  origin: 'captured',
  changed: [{ column: 'price', before: '19.90', after: '17.90' }],
  changedOmitted: 0,
  steps: { catalogue: 'done', pricing: 'failed' },
  latencyMs: 8,
  ...given,
});
const filters = (query: string) => readFilters(new URLSearchParams(query));

test('filters come from the address, and only what all reports share goes to the monitor', () => {
  const all = filters('topic=t&entity=e&key=k&stage=failed&service=pricing&q=oak&snapshots=1');
  assert.equal(serverFilter(all), { topic: 't', entity: 'e', key: 'k' });
  assert.is(filterCount(all), 7);
  assert.equal(serverFilter(filters('')), {});
});

test('rows match by where they are now, and by any text that they show', () => {
  const has = (query: string, given: Partial<FeedRow> = {}) =>
    rowFilter(filters(query))(row(given));
  assert.ok(has('stage=failed'));
  assert.ok(has('stage=failed&service=pricing'));
  assert.not(has('stage=failed&service=catalogue'));
  assert.ok(has('stage=processed&service=catalogue'));
  assert.ok(has('service=pricing'));
  assert.not(has('service=inventory'));
  assert.ok(has('stage=captured'));
  assert.not(has('stage=published'));
  assert.ok(has('q=17.9'));
  assert.ok(has('q=p-10'));
  assert.not(has('q=walnut'));
  assert.not(has('', { isSnapshot: true }));
  assert.ok(has('snapshots=1', { isSnapshot: true }));
});

test('what matched stays when the feed lets it go, and goes when it matches no more', () => {
  const isFailed = rowFilter(filters('stage=failed'));
  const first = keepMatching(new Map(), [row({ eventId: 'b', steps: {} }), row()], isFailed);
  assert.equal([...first.keys()], ['e']);
  const later = keepMatching(first, [row({ eventId: 'c' })], isFailed);
  assert.equal([...later.keys()], ['e', 'c']);
  const mended = keepMatching(later, [row({ steps: { pricing: 'done' } })], isFailed);
  assert.equal([...mended.keys()], ['c']);
});

test('a change whose beginning only the store knows is one row, and older ones follow', () => {
  const earlier = earlierRows(
    [
      report({ eventId: 'e', stage: 'captured', service: 'capture', occurredAtUs: 9 }),
      report({ eventId: 'old', occurredAtUs: 5 }),
    ],
    false,
  );
  const feed = addReports(emptyFeed({ capacity: 10, withSnapshots: false }), [
    report({ eventId: 'e', occurredAtUs: 9, atUs: 2_009 }),
  ]);
  const [first, second, ...others] = withEarlier(feed.rows, earlier);
  assert.is(first?.eventId, 'e');
  assert.is(first?.origin, 'captured');
  assert.equal(first?.steps, { pricing: 'done' });
  assert.is(first?.latencyMs, 2);
  assert.is(second?.eventId, 'old');
  assert.is(others.length, 0);
});

test('the strip has everybody who reads the topic, and the outcome is the worst of it', () => {
  const at = { partition: 0, messages: 0, seconds: 0, topic: 'pis.public.products' };
  const readers = known(
    consumersByTopic({
      atMs: 0,
      partitions: [
        { ...at, service: 'pricing' },
        { ...at, service: 'pricing', partition: 1 },
        { ...at, service: 'inventory' },
      ],
    }),
  );
  const cells = stripOf(row(), readers);
  assert.equal(
    cells.map(({ summary }) => summary),
    ['captured', 'catalogue: done', 'inventory: not yet', 'pricing: failed, tried again'],
  );
  assert.is(outcomeOf(row(), cells).text, 'retrying');
  const open = row({ steps: { pricing: 'done' } });
  assert.is(outcomeOf(open, stripOf(open, readers)).text, '…');
  const done = row({ steps: { pricing: 'done', inventory: 'skipped' } });
  assert.is(outcomeOf(done, stripOf(done, readers)).text, '8 ms');
});

test('while it is not known who reads a topic, no change of it is through', () => {
  const done = row({ steps: { pricing: 'done' } });
  const lost = failed(new ApiError('away', { status: 503, code: 'unavailable' }));
  for (const [readers, summary] of [
    [LOADING, 'other consumers: not known yet'],
    [lost, 'other consumers: not known'],
  ] as const) {
    const cells = stripOf(done, readers);
    assert.is(cells.at(-1)?.summary, summary);
    assert.is(outcomeOf(done, cells).text, '…');
  }
  const untouched = row({ steps: {}, latencyMs: null });
  const cells = stripOf(untouched, known(new Map()));
  assert.is(outcomeOf(untouched, cells).text, 'no consumer');
});

test('an empty list says why: nothing came, only snapshot reads, or topics that no consumer reads', () => {
  const unread = known([{ topic: 'pis.northwind.orders', records: 27_000 }]);
  const read = report({ details: { snapshot: true } });
  const none = { reports: [], hidden: 0, unread: known([]) };
  assert.match(nothingShown(none).title, 'Waiting for the first change');
  const snapshot = nothingShown({ ...none, reports: [read], unread });
  assert.match(snapshot.title, 'snapshot reads');
  assert.match(snapshot.summary, 'No consumer reads pis.northwind.orders: 27,000 records are kept');
  assert.ok(snapshot.hasSnapshotReads);
  assert.not.match(nothingShown({ ...none, unread }).title, 'Waiting');
  assert.not.match(nothingShown({ ...none, hidden: 3 }).title, 'Waiting');
});

test('rows are shown at once, but for rates too high to read', () => {
  assert.is(showIntervalMs(100), 0);
  assert.is(showIntervalMs(8_000), 250);
});

test('a state is looked for in the whole store, and what is found is whole', async () => {
  const dead = report({ eventId: 'old', stage: 'deadLettered', atUs: 3 });
  const captured = report({ eventId: 'old', stage: 'captured', service: 'capture', atUs: 1 });
  const asked: unknown[] = [];
  const monitor = {
    events: (query: object) => ({
      key: '',
      run: async () => {
        asked.push(query);
        const items = 'stage' in query ? [dead] : [report({ eventId: 'new', atUs: 9 })];
        return { items, nextCursor: null };
      },
    }),
    timeline: () => ({
      key: '',
      run: async () => {
        if (failure !== undefined) throw failure;
        return timeline({
          stages: [
            step('captured', 'capture', { report: captured }),
            step('deadLettered', 'pricing', { report: dead }),
          ],
        });
      },
    }),
  };
  let failure: ApiError | undefined;
  const { signal } = new AbortController();
  const found = await readHistory(monitor, filters('stage=deadLettered&key=k'), signal);
  assert.equal(
    found.map(({ eventId, stage }) => `${eventId} ${stage}`),
    ['new processed', 'old deadLettered', 'old captured'],
  );
  failure = new ApiError('gone', { status: 404, code: 'not-found' });
  const without = await readHistory(monitor, filters('stage=deadLettered&key=k'), signal);
  assert.equal(
    without.map(({ eventId }) => eventId),
    ['new'],
    'one that is gone leaves the others',
  );
  failure = new ApiError('away', { status: 503, code: 'unavailable' });
  const failing = await readHistory(monitor, filters('stage=deadLettered'), signal).catch(
    (error: unknown) => error,
  );
  assert.is(failing, failure, 'one that could not be read is not gone');
  asked.length = 0;
  assert.is((await readHistory(monitor, filters('key=k'), signal)).length, 1);
  assert.equal(asked, [{ topic: '', key: 'k', limit: 500 }]);
});

test.run();
