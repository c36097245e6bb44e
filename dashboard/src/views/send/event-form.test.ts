import { MANUAL_CONTRACTS } from '@shelfcast/schemas/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fieldsOf } from '../../lib/contract/fields.ts';
import { apiFaults, asCurl, eventText, exampleTexts, fieldHint, formFaults } from './event-form.ts';

const test = suite('send form');
const fields = fieldsOf(JSON.parse(MANUAL_CONTRACTS.product_updates.schemaText));
const discounts = fieldsOf(JSON.parse(MANUAL_CONTRACTS.product_discounts.schemaText));

test('the example of the API fills the form, has no fault and goes out as it is typed', () => {
  const texts = exampleTexts(fields, { product_id: 'P-9', price: '1.10', stock_quantity: 3 });
  assert.equal([texts.product_id, texts.price, texts.stock_quantity], ['P-9', '1.10', '3']);
  assert.is(texts.name, 'Walnut desk', 'the contract’s own where the API gives none');
  assert.equal(formFaults(fields, texts), {});
  const sent = JSON.parse(eventText('product_updates', fields, texts));
  assert.equal(
    [sent.topic, sent.data.price, sent.data.stock_quantity],
    ['product_updates', '1.10', 3],
  );
});

test('what may be left out is, and what is needed is asked for', () => {
  const texts = { product_id: 'P-1', discount_type: 'x', discount_percentage: '5' };
  assert.equal(formFaults(discounts, texts), {});
  assert.equal(Object.keys(JSON.parse(eventText('t', discounts, texts)).data), Object.keys(texts));
  assert.equal(Object.keys(formFaults(discounts, {})), Object.keys(texts));
});

test('violations stand at the field that their pointer names', () => {
  const faults = apiFaults(fields, [
    { pointer: '/data/price', code: 'bound', detail: 'must be above 0' },
    { pointer: '/data/price', code: 'scale', detail: 'has 3 digits' },
    { pointer: '/data/colour', code: 'unknown', detail: 'is no field' },
    { pointer: '', code: 'x', detail: 'is odd.' },
  ]);
  assert.equal(faults.fields, { price: 'must be above 0. has 3 digits.' });
  assert.equal(faults.others, ['/data/colour: is no field.', 'The event: is odd.']);
});

test('the curl survives quotes', () => {
  assert.match(asCurl('http://x/events', `{"a":"it's"}`, 'k-1'), `'{"a":"it'\\''s"}'`);
});

test('a hint says what fits, and whether it may be empty', () => {
  const hint = (name: string) => {
    const field = [...fields, ...discounts].find((one) => one.name === name);
    return field === undefined ? '' : fieldHint(field);
  };
  assert.is(hint('price'), 'exact number, 2 digits after the point');
  assert.is(hint('end_date'), 'time with its zone, may be left empty');
  assert.is(hint('brand'), '');
});

test.run();
