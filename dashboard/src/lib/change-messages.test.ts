import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changeSentence, describeChange, entityWord } from './change-messages.ts';

const test = suite('change words');
const entity = 'products';

test('an update names the columns that tell something, with exact values', () => {
  const changed = [
    { column: 'updated_at', before: 'a', after: 'b' },
    { column: 'price', before: '1219.90', after: '17.90' },
    { column: 'brand', before: null, after: 'Nordholm' },
    { column: 'category', before: 'x', after: 'y' },
  ];
  assert.is(
    changeSentence({ entity, op: 'update', changed }),
    'price 1,219.90 → 17.90, brand null → Nordholm, 1 more',
  );
  const dull = changed.slice(0, 1);
  assert.is(changeSentence({ entity, op: 'update', changed: dull }), 'updated_at a → b');
  assert.is(changeSentence({ entity, op: 'update', changed: [] }), 'no column changed');
  assert.match(changeSentence({ entity, op: undefined, changed: [] }), 'not known here');
});

test('rows that come and go', () => {
  const changed = [
    { column: 'product_id', after: 'P-1' },
    { column: 'name', after: 'Walnut desk' },
  ];
  assert.is(changeSentence({ entity, op: 'create', changed }), 'new product Walnut desk');
  assert.is(changeSentence({ entity, op: 'delete', changed }), 'deleted');
  assert.is(changeSentence({ entity, op: 'truncate', changed: [] }), 'all products deleted');
  assert.is(describeChange({ entity, op: 'read', changed }).summary, 'product read by a snapshot');
});

test('names of rows', () => {
  assert.is(entityWord('countries'), 'country');
  assert.is(entityWord('product_discounts'), 'product discount');
  assert.is(entityWord(undefined), 'row');
});

test.run();
