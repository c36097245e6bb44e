import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toCsv, toJson } from './export.ts';

const test = suite('export');
const columns = [
  { name: 'key', value: (row: { key: string; price: string | null }) => row.key },
  { name: 'price', value: (row: { key: string; price: string | null }) => row.price },
];

test('CSV quotes what needs it, keeps numbers, and defuses formulas', () => {
  const rows = [
    { key: 'a "b", c', price: '-1.50' },
    { key: '=HYPERLINK("x")', price: null },
  ];
  assert.is(toCsv(rows, columns), 'key,price\r\n"a ""b"", c",-1.50\r\n"\'=HYPERLINK(""x"")",\r\n');
});

test('JSON holds what the list holds', () => {
  assert.equal(JSON.parse(toJson([{ key: 'a', price: null }], columns)), [
    { key: 'a', price: null },
  ]);
});

test.run();
