import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CaptureFacts } from '../facts/postgres.ts';
import { assertAllOk, assertFinding, type Expected } from '../testing/expect.ts';
import { capture, products, publication } from '../testing/facts.ts';
import { checkPublication, checkPublished } from './publication.ts';

const test = suite('doctor: publication');

const check = (facts: CaptureFacts) => [...checkPublication(facts), ...checkPublished(facts)];
const without = (name: string) => ({
  publication: {
    ...publication,
    tables: publication.tables.filter((table) => table.name !== name),
  },
});

test('a publication of all captured tables', () => assertAllOk(check(capture)));

const cases: [string, Partial<CaptureFacts>, Expected][] = [
  [
    'no publication',
    { publication: undefined },
    {
      check: 'publication',
      level: 'problem',
      says: /no publication shelfcast/,
      mend: /create publication shelfcast for table public\.products, shelfcast\.heartbeat, shelfcast\.signal .*FORCE=1 make resync$/,
    },
  ],
  [
    'a captured table that is not published',
    without('public.products'),
    {
      check: 'published',
      level: 'problem',
      says: /public\.products is captured but not in the publication/,
      mend: /^make connector-add-table TABLE=public\.products && make connector-snapshot TABLE=public\.products$/,
    },
  ],
  [
    'the signal table is not published',
    without('shelfcast.signal'),
    {
      check: 'publication',
      level: 'problem',
      says: /snapshots never begin/,
      mend: /add table shelfcast\.signal/,
    },
  ],
  [
    'the heartbeat is not published',
    without('shelfcast.heartbeat'),
    {
      check: 'publication',
      level: 'problem',
      says: /WAL grows/,
      mend: /add table shelfcast\.heartbeat/,
    },
  ],
  [
    'truncate is not published',
    { publication: { ...publication, truncate: false } },
    {
      check: 'operations',
      level: 'problem',
      says: /leaves out truncate:/,
      mend: /set \(publish = 'insert, update, delete, truncate'\)/,
    },
  ],
  [
    'a row filter',
    {
      publication: {
        ...publication,
        tables: publication.tables.map((table) => ({
          ...table,
          filtered: table.name === 'public.products',
        })),
      },
    },
    {
      check: 'row-filter',
      level: 'problem',
      says: /only some rows of public\.products/,
      mend: /drop table public\.products/,
    },
  ],
  [
    'published for nobody',
    { tables: [], capturedTables: [] },
    { check: 'published', level: 'note', says: /not captured: public\.products/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(check({ ...capture, ...facts }), expected));
}

test('a captured table that was dropped is not called unpublished', () => {
  const dropped = { ...products, exists: false };
  assertAllOk(checkPublished({ ...capture, ...without('public.products'), tables: [dropped] }));
  assert.equal(checkPublished({ ...capture, publication: undefined }), []);
});

test.run();
