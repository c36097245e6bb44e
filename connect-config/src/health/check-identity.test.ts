import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import { checkIdentity } from './check-identity.ts';
import { checkPartitions } from './check-partitions.ts';
import type { TableFacts } from './read-tables.ts';
import { identity, products } from './testing/facts.ts';

const test = suite('health: the identity of captured tables');

test('the table that was captured', () => assertAllOk(checkIdentity([products])));
test('a table of which nothing is remembered', () =>
  assertAllOk(checkIdentity([{ ...products, remembered: undefined }])));

const gone = { exists: false, current: undefined };
const keyOf = (constraint: number, columns: string[], deferrable = false) => ({
  current: { ...identity, key: { constraint, columns, name: 'products_pkey', deferrable } },
});

const cases: [string, Partial<TableFacts>, Expected][] = [
  ['dropped', gone, { check: 'captured-tables', level: 'problem', summary: /it was dropped/ }],
  [
    'renamed',
    { ...gone, movedTo: 'public.goods' },
    {
      check: 'captured-tables',
      level: 'problem',
      summary: /was renamed to public\.goods/,
      remedy: /public\.products.* && make connector-add-table TABLE=public\.goods$/,
    },
  ],
  [
    'dropped and made again',
    { current: { ...identity, oid: 1 } },
    {
      check: 'table-identity',
      level: 'problem',
      summary: /dropped and made again/,
      remedy: /make resync/,
    },
  ],
  [
    'swapped',
    { current: { ...identity, oid: 1 }, movedTo: 'public.products_old' },
    {
      check: 'table-identity',
      level: 'problem',
      summary: /captured under this name is public\.products_old/,
    },
  ],
  [
    'without its primary key',
    { current: { ...identity, key: null } },
    {
      check: 'key',
      level: 'problem',
      summary: /has no primary key/,
      remedy: /alter table public\.products add primary key \(\\"product_id\\"\)" && .*make resync/,
    },
  ],
  [
    'without the columns of its primary key',
    { current: { ...identity, key: null, columns: identity.columns.slice(1) } },
    {
      check: 'key',
      level: 'problem',
      summary: /has no primary key/,
      remedy: /captured_tables|remove-table/,
    },
  ],
  [
    'with another primary key',
    keyOf(7, ['sku']),
    { check: 'key', level: 'problem', summary: /is \(sku\), and was \(product_id\)/ },
  ],
  [
    'with a primary key that was away for a while',
    keyOf(7, ['product_id']),
    { check: 'key', level: 'problem', summary: /dropped and made again: changes in between/ },
  ],
  [
    'with a deferrable primary key',
    keyOf(7, ['product_id'], true),
    {
      check: 'key',
      level: 'problem',
      summary: /is deferrable/,
      remedy: /drop constraint .*products_pkey.*, add constraint .* primary key .* && make resync/,
    },
  ],
  [
    'unlogged',
    { logged: false },
    {
      check: 'persistence',
      level: 'problem',
      summary: /unlogged/,
      remedy: /set logged.* make resync/,
    },
  ],
  [
    'with a table that inherits from it',
    { children: ['public.books'] },
    {
      check: 'inheritance',
      level: 'problem',
      summary: /public\.books inherits from public\.products/,
      remedy: /alter table public\.books no inherit public\.products.* make resync/,
    },
  ],
  [
    'without its routing column',
    { routingColumn: 'sku' },
    { check: 'routing-column', level: 'problem', summary: /no column sku any more/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkIdentity([{ ...products, ...facts }]), expected));
}

const leaf = (name: string, leaves: string[], now = leaves): TableFacts => {
  const of = { root: 1, rootName: 'public.orders' };
  return {
    ...products,
    name,
    remembered: { ...identity, partitioned: { ...of, leaves } },
    current: { ...identity, partitioned: { ...of, leaves: now } },
  };
};
const [JAN, FEB, MAR] = ['public.jan', 'public.feb', 'public.mar'];

test('a partition that was made later is captured by nothing, and named once', () => {
  const tables = [leaf(JAN, [JAN, FEB], [JAN, FEB, MAR]), leaf(FEB, [JAN, FEB], [JAN, FEB, MAR])];
  assertFinding(checkPartitions(tables), {
    check: 'partition',
    level: 'problem',
    summary: /public\.mar is a partition of public\.orders that was made after/,
    remedy: /^make connector-add-table TABLE=public\.mar$/,
  });
});

test('a partition that is captured, or was left out from the first', () => {
  assertAllOk(checkPartitions([leaf(JAN, [JAN, FEB], [JAN, FEB, MAR]), leaf(MAR, [MAR])]));
});

test('a partition that was detached', () => {
  const tables = [{ ...leaf(JAN, [JAN]), current: identity }];
  assertFinding(checkPartitions(tables), {
    check: 'partition',
    level: 'problem',
    summary: /public\.jan was a partition of public\.orders/,
    remedy: /^make connector-add-table TABLE=public\.jan$/,
  });
});

test.run();
