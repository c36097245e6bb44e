import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { includePattern, includes, readableEntry, tableOfEntry } from './include-list.ts';
import {
  formatTableName,
  parseTableList,
  parseTableName,
  type TableName,
  tableArgument,
} from './table-name.ts';

const ODD: readonly TableName[] = [
  { schema: 'shop', table: 'Order Details' },
  { schema: 'shop', table: 'v1.2' },
  { schema: 'shop', table: "O'Brien" },
  { schema: 'shop', table: 'it"s' },
  { schema: 'Größe', table: '1st-table' },
  { schema: 'shop', table: ' a,b*c ' },
  { schema: 'shop', table: 'x(y[z{$HOME}`ls`' },
];

test('a name without a schema is public, and case stays', () => {
  assert.equal(parseTableName('orders'), { schema: 'public', table: 'orders' });
  assert.equal(parseTableName('crm.Accounts'), { schema: 'crm', table: 'Accounts' });
  assert.equal(parseTableName('"crm"."Accounts"'), { schema: 'crm', table: 'Accounts' });
  assert.is(formatTableName({ schema: 'crm', table: 'Accounts' }), 'crm.Accounts');
});

test('any name can be written and read', () => {
  for (const table of ODD) assert.equal(parseTableName(formatTableName(table)), table);
  assert.equal(
    parseTableList(ODD.map(formatTableName).join(' , ')).map((one) => one.table),
    ODD,
  );
  assert.is(formatTableName({ schema: 'shop', table: 'Order Details' }), 'shop."Order Details"');
});

test('a suggested command reaches the shell as it is', () => {
  for (const table of [...ODD, { schema: 'public', table: 'plain_2' }]) {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${tableArgument(table)}`]);
    assert.is(String(stdout), `TABLE=${formatTableName(table)}`);
  }
  assert.is(tableArgument('public.plain_2'), 'TABLE=public.plain_2');
});

test('an asterisk outside of quotes stands for any characters', () => {
  const [all, some, literal] = parseTableList('crm.*,*.order_*,crm."*"');
  const matches = (schema: string, table: string) =>
    [all, some, literal].map((pattern) => pattern?.matches({ schema, table }));
  assert.equal(matches('crm', 'a.b'), [true, false, false]);
  assert.equal(matches('eu', 'order_lines'), [false, true, false]);
  assert.equal(matches('crm', '*'), [true, false, true]);
  assert.is(all?.table, undefined);
});

test('what is no list of tables is refused with how one is written', () => {
  for (const text of ['', 'a b', 'a.b.c', 'a,', ',a', '"a', 'a"b"', "it's", '""', 'a.', '.a']) {
    assert.throws(() => parseTableList(text), /in double quotes as in SQL/, text);
  }
  for (const text of ['a,b', 'crm.*']) assert.throws(() => parseTableName(text), /one table/);
});

test('an entry of the include list stands for its table alone', () => {
  for (const table of [...ODD, { schema: 'public', table: 'a_b' }]) {
    const entry = includePattern(table);
    assert.not.match(entry, ',');
    assert.is(entry.trim(), entry);
    assert.ok(includes(entry, table), entry);
    assert.not.ok(includes(entry, { ...table, table: table.table.toUpperCase() }), entry);
    assert.equal(tableOfEntry(entry), table);
    assert.is(readableEntry(entry), formatTableName(table));
  }
  assert.is(readableEntry('public\\.own_.*'), 'public.own_.*');
});

test.run();
