import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { camelCase, newConsumer } from './names.ts';

const named = (name: string | undefined, table?: string, column?: string) =>
  newConsumer({ name, table, column });

test('a table and a column that most tables have are the default', () => {
  assert.equal(named('reviews'), { name: 'reviews', table: 'public.products', column: 'name' });
  assert.equal(named('stock_watch2', 'crm.accounts', 'owner'), {
    name: 'stock_watch2',
    table: 'crm.accounts',
    column: 'owner',
  });
});

test('bad names are refused in one sentence', () => {
  const refusals: [Parameters<typeof named>, RegExp][] = [
    [[undefined], /^A name is needed: make consumer NAME=reviews$/],
    [['Reviews'], /^NAME=Reviews must be a lower-case letter, then/],
    [['my-reviews'], /^NAME=my-reviews must be/],
    [['../reviews'], /must be/],
    [['1st'], /must be/],
    [['r'.repeat(41)], /must be/],
    [['runtime'], /^NAME=runtime is the name of a database schema that is in use\.$/],
    [['public'], /schema/],
    [['graphile_worker'], /schema/],
    [['pg_stats'], /schema/],
    [['order'], /^NAME=order is a word that SQL, TypeScript or the template has a use for\.$/],
    [['delete'], /word/],
    [['delete_'], /word/],
    [['decide'], /word/],
    [['changes_of'], /word/],
    [['reviews', 'products'], /^TABLE=products must be a table with its schema/],
    [['reviews', "public.x'; drop"], /^TABLE=/],
    [['reviews', 'public.products', 'Name'], /^COLUMN=Name must be/],
    [['reviews', 'public.products', 'key'], /^COLUMN=key is a word/],
  ];
  for (const [given, expected] of refusals) assert.throws(() => named(...given), expected);
});

test('the constant of a name is written as TypeScript writes them', () => {
  assert.equal(['reviews', 'stock_watch', 'a__b_1_'].map(camelCase), [
    'reviews',
    'stockWatch',
    'aB1',
  ]);
});

test.run();
