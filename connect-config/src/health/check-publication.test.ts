import type { TableIdentity } from '@shelfcast/product-database/table-identity';
import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkPublication, checkPublished } from './check-publication.ts';
import type { CaptureFacts } from './read-source.ts';
import { capture, identity, products, publication } from './testing/facts.ts';

const test = suite('health: publication');

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
      summary: /no publication shelfcast/,
      remedy: /^YES=1 make resync/,
    },
  ],
  [
    'a captured table that is not published',
    without('public.products'),
    {
      check: 'published',
      level: 'problem',
      summary: /public\.products is captured but not in the publication/,
      remedy: /make resync/,
    },
  ],
  [
    'the signal table is not published',
    without('shelfcast.signal'),
    {
      check: 'publication',
      level: 'problem',
      summary: /snapshots never begin/,
      remedy: /add table shelfcast\.signal/,
    },
  ],
  [
    'the heartbeat is not published',
    without('shelfcast.heartbeat'),
    {
      check: 'publication',
      level: 'problem',
      summary: /WAL grows/,
      remedy: /add table shelfcast\.heartbeat/,
    },
  ],
  [
    'truncate is not published',
    { publication: { ...publication, truncate: false } },
    {
      check: 'operations',
      level: 'problem',
      summary: /leaves out truncate:/,
      remedy: /^YES=1 make resync/,
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
      summary: /only some rows of public\.products/,
      remedy: /make resync/,
    },
  ],
  [
    'published and not captured',
    { tables: [], capturedTables: [] },
    { check: 'published', level: 'note', summary: /not captured: public\.products/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(check({ ...capture, ...facts }), expected));
}

/** The facts with what is remembered of products changed. */
function remembered(publication: Partial<NonNullable<TableIdentity['publication']>>) {
  const before = identity.publication;
  if (before === null) throw new Error('unreachable');
  const was = { ...identity, publication: { ...before, ...publication } };
  return { tables: [{ ...products, remembered: was }] };
}

const times: [string, Partial<CaptureFacts>, Expected][] = [
  [
    'taken out and put back',
    remembered({ member: 1 }),
    {
      check: 'published',
      level: 'problem',
      summary: /public\.products was taken out of the publication/,
    },
  ],
  [
    'dropped and created again',
    remembered({ oid: 1, member: 1, version: '1' }),
    {
      check: 'publication',
      level: 'problem',
      summary: /dropped and created again.* public\.products/,
    },
  ],
  [
    'altered for a while',
    remembered({ version: '1' }),
    {
      check: 'publication',
      level: 'problem',
      summary: /altered since/,
      remedy: /^YES=1 make resync/,
    },
  ],
  [
    'columns that it leaves out',
    {
      tables: [
        {
          ...products,
          current: {
            ...identity,
            columns: [
              ...identity.columns,
              { number: 3, name: 'brand', type: 'text', generated: '' },
            ],
          },
        },
      ],
    },
    {
      check: 'column-list',
      level: 'problem',
      summary: /leaves out columns of public\.products: brand/,
    },
  ],
];

for (const [given, facts, expected] of times) {
  test(`a table as the publication has it: ${given}`, () =>
    assertFinding(check({ ...capture, ...facts }), expected));
}

test('a captured table that was dropped is not called unpublished', () => {
  const dropped = { ...products, exists: false };
  assertAllOk(checkPublished({ ...capture, ...without('public.products'), tables: [dropped] }));
  assert.equal(checkPublished({ ...capture, publication: undefined }), []);
});

test.run();
