import {
  COUNTRY,
  MANUAL_CONTRACTS,
  PRODUCT_DISCOUNT,
  PRODUCT_UPDATE,
} from '@shelfcast/schemas/contracts';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../json/parse-json.ts';
import { compileCheck } from './compile-check.ts';
import { exampleText } from './example.ts';
import { parseShape } from './parse-shape.ts';

function checkText(schemaText: string, eventText: string) {
  return compileCheck(parseShape(schemaText))(parseJson(Buffer.from(eventText)), '/data');
}

/** `pointer code` of everything wrong with an event that has one field `f` of this type. */
function wrongs(type: unknown, json: string, rules: object = {}): string[] {
  const schema = { type: 'record', name: 'T', fields: [{ name: 'f', type, ...rules }] };
  const checked = checkText(JSON.stringify(schema), `{"f":${json}}`);
  return checked.ok ? [] : checked.violations.map(({ pointer, code }) => `${pointer} ${code}`);
}

function avroOf(type: unknown, json: string): unknown {
  const schema = { type: 'record', name: 'T', fields: [{ name: 'f', type }] };
  const checked = checkText(JSON.stringify(schema), `{"f":${json}}`);
  return checked.ok ? checked.value.f : checked.violations;
}

const decimal = (precision: number, scale: number) => ({
  type: 'bytes',
  logicalType: 'decimal',
  precision,
  scale,
});
const MICROS = { type: 'long', logicalType: 'timestamp-micros' };

test('decimals are exact or refused, as numbers and as text', () => {
  const type = decimal(18, 2);
  for (const json of ['1234567890123456.78', '"1234567890123456.78"']) {
    assert.is(avroOf(type, json), '1234567890123456.78');
  }
  assert.is(avroOf(type, '1.9e1'), '19.00');
  assert.is(avroOf(type, '19.900'), '19.90');
  assert.is(avroOf(type, '-0'), '0.00');
  assert.equal(wrongs(type, '0.001'), ['/data/f not_exact']);
  assert.equal(wrongs(type, '1e16'), ['/data/f out_of_range']);
  assert.equal(wrongs(type, '1e999999999999'), ['/data/f wrong_type']);
  for (const json of ['"1e3"', '" 1"', '"NaN"', '""', 'true', 'null', '[1]']) {
    assert.equal(wrongs(type, json), ['/data/f wrong_type'], json);
  }
});

test('integers above 2^53 are exact, those above 2^63 refused', () => {
  assert.is(avroOf('long', '9007199254740993'), 9_007_199_254_740_993n);
  assert.is(avroOf('long', '"-9223372036854775808"'), -(2n ** 63n));
  assert.equal(wrongs('long', '9223372036854775808'), ['/data/f out_of_range']);
  assert.equal(wrongs('long', '1.5'), ['/data/f not_exact']);
  assert.is(avroOf('int', '1e3'), 1_000);
  assert.equal(wrongs('int', '2147483648'), ['/data/f out_of_range']);
  assert.equal(wrongs('int', '"1"'), ['/data/f wrong_type']);
  assert.equal(wrongs('double', '9007199254740993'), ['/data/f not_exact']);
});

test('instants are days that exist, to the microsecond', () => {
  assert.is(avroOf(MICROS, '"1970-01-01T01:00:00.000001+01:00"'), 1n);
  for (const text of ['2026-02-30T00:00:00Z', '2026-01-31', '2026-01-31T12:00:00', 'now']) {
    assert.equal(wrongs(MICROS, JSON.stringify(text)), ['/data/f bad_format'], text);
  }
  assert.equal(wrongs(MICROS, '"2026-01-31T12:00:00.1234567Z"'), ['/data/f bad_format']);
  assert.equal(wrongs(MICROS, '1769860800'), ['/data/f wrong_type']);
});

test('lengths count characters, not code units', () => {
  const rules = { minLength: 2, maxLength: 3 };
  assert.equal(wrongs('string', '"😀😀😀"', rules), []);
  assert.equal(wrongs('string', '"😀"', rules), ['/data/f too_short']);
  assert.equal(wrongs('string', '"abcd"', rules), ['/data/f too_long']);
  assert.equal(wrongs('string', '"a\\u0000b"', rules), ['/data/f bad_character']);
});

test('every violation is found, nested ones with their pointers', () => {
  const type = {
    type: 'array',
    items: { type: 'record', name: 'I', fields: [{ name: 'a/b'.replace('/', '_'), type: 'int' }] },
  };
  assert.equal(wrongs(type, '[{"a_b":1},{"a_b":"x","c~/d":1},2]'), [
    '/data/f/1/a_b wrong_type',
    '/data/f/1/c~0~1d unknown_field',
    '/data/f/2 wrong_type',
  ]);
});

test('the rules of our own topics are those of the product database', () => {
  const product = (fields: object) =>
    checkText(
      PRODUCT_UPDATE.schemaText,
      JSON.stringify({
        ...JSON.parse(exampleText(parseShape(PRODUCT_UPDATE.schemaText))),
        ...fields,
      }),
    );
  for (const fields of [{ price: 0 }, { weight: 0 }, { stock_quantity: -1 }, { product_id: '' }]) {
    const checked = product(fields);
    assert.is(checked.ok ? 0 : checked.violations.length, 1, JSON.stringify(fields));
  }
  const discount = (fields: object) =>
    checkText(
      PRODUCT_DISCOUNT.schemaText,
      JSON.stringify({ product_id: 'p', discount_type: 'd', discount_percentage: 10, ...fields }),
    );
  assert.ok(discount({}).ok);
  for (const fields of [
    { discount_percentage: 100.01 },
    { discount_percentage: -1 },
    { minimum_quantity: 0 },
    { start_date: '2026-02-01T00:00:00Z', end_date: '2026-02-01T00:00:00Z' },
  ]) {
    assert.not.ok(discount(fields).ok, JSON.stringify(fields));
  }
  const checked = discount({});
  assert.is(checked.ok ? checked.value.minimum_quantity : 0, 1);
  assert.ok(parseShape(COUNTRY.schemaText).key === 'country_id');
});

test('every contract’s example passes its own check', () => {
  for (const { schemaText } of Object.values(MANUAL_CONTRACTS)) {
    const shape = parseShape(schemaText);
    const checked = compileCheck(shape)(parseJson(Buffer.from(exampleText(shape))), '');
    assert.ok(checked.ok, exampleText(shape));
  }
});

test.run();
