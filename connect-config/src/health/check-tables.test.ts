import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkTables } from './check-tables.ts';
import type { TableFacts } from './read-tables.ts';
import { capture, products, publication } from './testing/facts.ts';

const test = suite('health: captured tables');

test('sound tables', () => assertAllOk(checkTables(capture)));

const column = (kind: 'stored' | 'virtual') => [{ name: 'total', sqlName: 'total', kind }];
const cases: [string, Partial<TableFacts>, Expected][] = [
  [
    'a table that was dropped',
    { exists: false },
    { check: 'captured-tables', level: 'problem', summary: /does not exist: it was dropped/ },
  ],
  [
    'a table of another kind',
    { kind: 'v' },
    { check: 'captured-tables', level: 'problem', summary: /is a view now/ },
  ],
  [
    'row-level security',
    { rowSecurity: true },
    {
      check: 'row-security',
      level: 'problem',
      summary: /applies to role debezium/,
      remedy: /alter role debezium bypassrls/,
    },
  ],
  [
    'replica identity',
    { replicaIdentityFull: false },
    {
      check: 'replica-identity',
      level: 'problem',
      summary: /public\.products does not have REPLICA IDENTITY FULL/,
      remedy: /^make psql DB=products SQL="alter table public\.products replica identity full"$/,
    },
  ],
  [
    'names that need quotes survive the shell',
    { replicaIdentityFull: false, name: 'public.Order', sqlName: 'public."Order"' },
    {
      check: 'replica-identity',
      level: 'problem',
      summary: /Order/,
      remedy: /SQL="alter table public\.\\"Order\\" replica/,
    },
  ],
  [
    'a stored generated column that is not published',
    { generatedColumns: column('stored') },
    {
      check: 'generated-columns',
      level: 'problem',
      summary:
        /Stored generated column public\.products\.total is not published.*refuses every UPDATE/,
      remedy: /make resync/,
    },
  ],
  [
    'a virtual generated column, which cannot be published',
    { generatedColumns: column('virtual') },
    {
      check: 'generated-columns',
      level: 'problem',
      summary: /Virtual/,
      remedy: /drop column total.*again as stored/,
    },
  ],
  [
    'without SELECT for the connector',
    { readable: false },
    {
      check: 'grant',
      level: 'problem',
      summary: /debezium may not read public\.products/,
      remedy:
        /grant usage on schema public to debezium; grant select on public\.products to debezium/,
    },
  ],
  [
    'a first snapshot that was never asked for',
    { waitsForSnapshot: true },
    {
      check: 'first-snapshot',
      level: 'problem',
      summary: /still waits/,
      remedy: /make connector-register/,
    },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () =>
    assertFinding(checkTables({ ...capture, tables: [{ ...products, ...facts }] }), expected),
  );
}

test('a generated column that is published is no problem', () => {
  const tables = [{ ...products, generatedColumns: column('stored') }];
  const published = publication.tables.map((table) => ({
    ...table,
    columns: ['product_id', 'total'],
  }));
  assertAllOk(
    checkTables({ ...capture, tables, publication: { ...publication, tables: published } }),
  );
});

test('a table that a command is about to have read is no problem yet', () => {
  const tables = [{ ...products, waitsForSnapshot: true }];
  assertFinding(checkTables({ ...capture, tables, registering: true }), {
    check: 'first-snapshot',
    level: 'note',
    summary: /about to be read/,
  });
});

test('what does not exist is named once', () => {
  const gone = { ...products, exists: false, readable: false, replicaIdentityFull: false };
  const wrong = checkTables({ ...capture, tables: [gone] }).filter(({ level }) => level !== 'ok');
  assert.is(wrong.length, 1);
});

test.run();
