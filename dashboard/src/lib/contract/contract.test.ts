import { MANUAL_CONTRACTS } from '@shelfcast/schemas/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareDecimals, faultOf, jsonOf } from './check.ts';
import { type ContractField, fieldsOf, rowFieldsOf } from './fields.ts';

interface Context {
  updates: ContractField[];
  discounts: ContractField[];
}

const test = suite<Context>('contract');
const named = (fields: readonly ContractField[], name: string): ContractField => {
  const field = fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
};

test.before((context) => {
  context.updates = fieldsOf(JSON.parse(MANUAL_CONTRACTS.product_updates.schemaText));
  context.discounts = fieldsOf(JSON.parse(MANUAL_CONTRACTS.product_discounts.schemaText));
});

test('our contracts give a form its fields, with kinds, bounds and examples', ({
  updates,
  discounts,
}) => {
  assert.equal(
    updates.map(({ name, kind }) => `${name}: ${kind}`),
    [
      'product_id: text',
      'name: text',
      'price: decimal',
      'category: text',
      'brand: text',
      'stock_quantity: integer',
      'weight: decimal',
      'dimensions: text',
    ],
  );
  const price = named(updates, 'price');
  assert.equal(
    [price.precision, price.scale, price.exclusiveMinimum, price.example],
    [12, 2, '0', '249.90'],
  );
  const end = named(discounts, 'end_date');
  assert.equal([end.kind, end.isNullable, end.isOptional], ['instant', true, true]);
});

test('a fault is a sentence; what the contract takes has none', ({ updates, discounts }) => {
  const summary = (name: string, text: string) => faultOf(named(updates, name), text);
  assert.is(summary('price', '249.90'), undefined);
  assert.is(summary('price', '0'), 'It has to be more than 0.');
  assert.is(summary('price', '0.00'), 'It has to be more than 0.');
  assert.is(summary('price', '1.999'), 'It has at most 2 digits after the point.');
  assert.is(summary('price', '12345678901'), 'It has at most 10 digits before the point.');
  assert.is(summary('price', 'cheap'), 'It has to be a number such as 19.90.');
  assert.is(summary('price', ''), 'price is needed.');
  assert.is(summary('stock_quantity', '1.5'), 'It has to be a whole number.');
  assert.is(summary('stock_quantity', '-1'), 'It has to be 0 or more.');
  assert.match(summary('stock_quantity', '2147483648') ?? '', 'between');
  assert.is(summary('product_id', ''), 'product_id is needed.');
  assert.is(summary('dimensions', ''), undefined, 'a text may be empty');
  assert.is(faultOf(named(discounts, 'end_date'), ''), undefined);
  assert.match(faultOf(named(discounts, 'end_date'), '2026-02-01') ?? '', 'zone');
  assert.is(
    faultOf(named(discounts, 'discount_percentage'), '100.01'),
    'It has to be 100 or less.',
  );
});

test('decimals stay text, digit for digit, and what is not said is left out', ({
  updates,
  discounts,
}) => {
  assert.is(jsonOf(named(updates, 'price'), '9999999999.99'), '9999999999.99');
  assert.is(jsonOf(named(updates, 'stock_quantity'), '12'), 12);
  assert.is(jsonOf(named(updates, 'dimensions'), ''), '');
  assert.is(jsonOf(named(discounts, 'end_date'), ''), undefined);
});

test('columns of a captured row come from the envelope, whichever member declares the row', () => {
  const row = {
    type: 'record',
    name: 'Value',
    fields: [
      { name: 'id', type: 'string' },
      {
        name: 'price',
        type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 1 }],
        default: null,
      },
      { name: 'attributes', type: { type: 'string', 'connect.name': 'io.debezium.data.Json' } },
    ],
  };
  const envelope = {
    type: 'record',
    fields: [
      { name: 'before', type: ['null', row] },
      { name: 'after', type: ['null', 'Value'] },
      { name: 'op', type: 'string' },
    ],
  };
  const fields = rowFieldsOf(envelope);
  assert.equal(
    fields.map(({ name, kind, isNullable }) => [name, kind, isNullable]),
    [
      ['id', 'text', false],
      ['price', 'decimal', true],
      ['attributes', 'json', false],
    ],
  );
  assert.match(faultOf(named(fields, 'attributes'), '{') ?? '', 'JSON');
  assert.equal(rowFieldsOf({ type: 'string' }), []);
});

test('decimals are compared exactly, however long they are', () => {
  assert.is(compareDecimals('0.1', '0.10'), 0);
  assert.is(compareDecimals('-0.1', '0'), -1);
  assert.is(compareDecimals('9007199254740993.01', '9007199254740993'), 1);
});

test.run();
