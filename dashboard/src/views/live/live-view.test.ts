import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addReports, emptyFeed, type FeedRow } from '../../lib/live/feed.ts';
import { report, step, timeline } from '../event/testing.ts';
import { filterCount, readFilters, rowFilter, serverFilter } from './filters.ts';
import { readHistory } from './history.ts';
import { earlierRows, keepMatching, showIntervalMs, withEarlier } from './shown-rows.ts';
import { outcomeOf, readersOf, stripOf } from './strip.ts';

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
  const readers = readersOf({
    atMs: 0,
    partitions: [
      { ...at, service: 'pricing' },
      { ...at, service: 'pricing', partition: 1 },
      { ...at, service: 'inventory' },
    ],
  });
  const cells = stripOf(row(), readers);
  assert.equal(
    cells.map(({ says }) => says),
    ['captured', 'catalogue: done', 'inventory: not yet', 'pricing: failed, tried again'],
  );
  assert.is(outcomeOf(row(), cells).text, 'retrying');
  const open = row({ steps: { pricing: 'done' } });
  assert.is(outcomeOf(open, stripOf(open, readers)).text, '…');
  const done = row({ steps: { pricing: 'done', inventory: 'skipped' } });
  assert.is(outcomeOf(done, stripOf(done, readers)).text, '8 ms');
});

test('rows are shown at once, but for rates at which nobody could read them', () => {
  assert.is(showIntervalMs(100), 0);
  assert.is(showIntervalMs(8_000), 250);
});

test('a state is looked for in the whole store, and what is found is whole', async () => {
  const dead = report({ eventId: 'old', stage: 'deadLettered', atUs: 3 });
  const captured = report({ eventId: 'old', stage: 'captured', service: 'capture', atUs: 1 });
  const asked: unknown[] = [];
  const monitor = {
    events: (query: object) => async () => {
      asked.push(query);
      const items = 'stage' in query ? [dead] : [report({ eventId: 'new', atUs: 9 })];
      return { items, nextCursor: null };
    },
    timeline: () => async () =>
      timeline({
        stages: [
          step('captured', 'capture', { report: captured }),
          step('deadLettered', 'pricing', { report: dead }),
        ],
      }),
  };
  const { signal } = new AbortController();
  const found = await readHistory(monitor, filters('stage=deadLettered&key=k'), signal);
  assert.equal(
    found.map(({ eventId, stage }) => `${eventId} ${stage}`),
    ['new processed', 'old deadLettered', 'old captured'],
  );
  asked.length = 0;
  assert.is((await readHistory(monitor, filters('key=k'), signal)).length, 1);
  assert.equal(asked, [{ topic: '', key: 'k', limit: 500 }]);
});

test.run();
