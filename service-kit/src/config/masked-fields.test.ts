import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { masked, withoutMasked, withoutMaskedValues } from './masked-fields.ts';

const test = suite('masked fields');
const fields = new Set(['email', 'pin']);

test('a field is masked wherever a record has it; a null stays one', () => {
  const row = {
    id: 7,
    email: 'ada@example.com',
    pin: null,
    customer: { email: { home: 'x' }, name: 'Ada' },
    orders: [{ pin: '1234', total: 5 }, [{ pin: 0 }], 'text'],
    raw: new Uint8Array([1]),
  };
  assert.equal(masked(row, fields), {
    id: 7,
    email: '•••',
    pin: null,
    customer: { email: '•••', name: 'Ada' },
    orders: [{ pin: '•••', total: 5 }, [{ pin: '•••' }], 'text'],
    raw: new Uint8Array([1]),
  });
  assert.is(masked(row, new Set()), row);
  assert.is(masked(null, fields), null);
});

test('an error quotes no masked value, whole, in part or escaped', () => {
  const rows = [
    { email: 'ada"l@example.com', pin: 1234n, name: 'Ada Lovelace' },
    null,
    { customer: { pin: ['77'] } },
  ];
  const told = (text: string) => withoutMasked(text, rows, fields);
  assert.is(told('"ada"l@example.com" is no address'), '"•••" is no address');
  assert.is(told('{"email":"ada\\"l@example.com"}'), '{"email":"•••"}');
  assert.is(told('Unexpected token at "…l@exampl…"'), 'Unexpected token at "…•••…"');
  assert.is(told('1234 is not 12345, nor a1234; 77!'), '••• is not 12345, nor a1234; •••!');
  assert.is(told('Ada Lovelace is known'), 'Ada Lovelace is known');
});

test('it stays the error that it was otherwise', () => {
  const error = new RangeError('1234 is too much');
  const told = withoutMaskedValues(error, [{ pin: 1234 }], fields);
  assert.equal(
    [told instanceof Error && told.name, told instanceof Error && told.message],
    ['RangeError', '••• is too much'],
  );
  assert.is(withoutMaskedValues(error, [{ pin: 5 }], fields), error);
  assert.is(withoutMaskedValues(error, [{ pin: 1234 }]), error);
});

test.run();
