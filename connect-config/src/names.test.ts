import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertNamesFit, collidingColumns, withoutCollidingTopics } from './names.ts';

const AVRO = { 'field.name.adjustment.mode': 'avro' };
const OURS = { 'field.name.adjustment.mode': 'none' };
const table = (name: string) => {
  const [schema = '', rest = ''] = name.split('.');
  return { schema, table: rest };
};

test('columns that differ by case alone collide always, those that are one field where Debezium names them', () => {
  assert.equal(collidingColumns(['id', 'name'], AVRO), []);
  assert.equal(collidingColumns(['Id', 'id', 'x'], OURS), [
    { columns: ['Id', 'id'], because: 'differ by case alone' },
  ]);
  assert.equal(
    collidingColumns(['a-b', 'a_b', '1a', '_1a'], AVRO).map(({ columns }) => columns),
    [
      ['a-b', 'a_b'],
      ['1a', '_1a'],
    ],
  );
  assert.equal(collidingColumns(['a-b', 'a_b'], OURS), []);
});

function refusal(name: string, overrides: object = {}): string | undefined {
  try {
    assertNamesFit(table(name), {
      columns: ['id'],
      template: AVRO,
      prefix: 'pis',
      captured: [table('eu.sales_orders'), table('public.a$b')],
      topics: ['pis.eu.sales_orders', 'pis.old.rest_of'],
      ...overrides,
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('a table is refused by name and reason, and one that is captured or was, is not', () => {
  assert.is(refusal('eu.sales_orders'), undefined);
  assert.is(refusal('eu.sales'), undefined);
  assert.match(
    refusal('eu_sales.orders') ?? '',
    /pis\.eu_sales\.orders; topic pis\.eu\.sales_orders of eu\.sales_orders differs/,
  );
  assert.match(refusal('old_rest.of') ?? '', /topic pis\.old\.rest_of differs/);
  assert.match(refusal('public.a#b') ?? '', /pis\.public\.a_b of public\.a\$b is the same/);
  assert.match(refusal('public.2024') ?? '', /"2024" begins with a digit/);
  assert.is(refusal('public.2024', { template: OURS }), undefined);
  assert.match(
    refusal('eu.x', { columns: ['a', 'A'] }) ?? '',
    /Columns "a" and "A" of eu\.x differ by case alone/,
  );
});

test('names that Debezium or its driver cannot carry are refused with the reason', () => {
  const why = (schema: string, name: string) => {
    try {
      assertNamesFit(
        { schema, table: name },
        { columns: ['id'], template: OURS, prefix: 'pis', captured: [], topics: [] },
      );
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  for (const name of ['Order Details', 'v1.2', "O'Brien", 'it"s', 'größe', '1st', 'a,b', ' x ']) {
    assert.is(why('shop', name), undefined, name);
  }
  assert.match(why('shop', '"x') ?? '', /double quote at its beginning or end/);
  assert.match(why('x"', 'y') ?? '', /double quote at its beginning or end/);
  assert.match(why('shop', "a''b") ?? '', /two quotes in a row/);
  assert.match(why('shop', 'a\\b') ?? '', /backslash/);
  assert.match(why('shop', 'a\tb') ?? '', /control characters/);
  assert.match(why('a.b', 'c') ?? '', /schema's name has a dot/);
});

test('of tables whose topics collide the one that has its topic stays, otherwise the first', () => {
  const [a, b, c] = [table('eu.sales_orders'), table('eu_sales.orders'), table('public.c')];
  const keep = (topics: readonly string[]) =>
    withoutCollidingTopics([a, b, c], { prefix: 'pis', topics });
  assert.equal(keep([]).kept, [a, c]);
  assert.equal(keep([]).left, [{ table: b, topic: 'pis.eu.sales_orders' }]);
  assert.equal(keep(['pis.eu_sales.orders', 'pis.public.c']).kept, [b, c]);
  assert.equal(keep(['pis.eu.sales.orders']).kept, [c]);
});

test.run();
