import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  canonicalSql,
  canonicalWithoutPostgres,
  forPostgres,
  joinKey,
  textOfKeyPart,
} from './canonical-key.ts';

const test = suite('canonical key');

test('a value of a key as text that Postgres reads', () => {
  assert.is(textOfKeyPart('a'), 'a');
  assert.is(textOfKeyPart(9_007_199_254_740_993n), '9007199254740993');
  assert.is(textOfKeyPart(-0), '-0');
  assert.is(textOfKeyPart(true), 'true');
  assert.is(textOfKeyPart(new Uint8Array([0, 255])), '\\x00ff');
  assert.is(textOfKeyPart(['a', null, 'b,"c\\']), '{"a",NULL,"b,\\"c\\\\"}');
  assert.is(textOfKeyPart([[1], [2]]), '{{"1"},{"2"}}');
  assert.throws(() => textOfKeyPart({ x: 1 }));
});

test('numbers and padded text have one form', () => {
  const numeric = canonicalWithoutPostgres({ typeName: 'numeric' });
  assert.equal(
    ['1.00', '100', '-0.50', '0.000', '-0.0', 'NaN', '120.0'].map((text) => numeric?.(text)),
    ['1', '100', '-0.5', '0', '0', 'NaN', '120'],
  );
  assert.is(canonicalWithoutPostgres({ typeName: 'bpchar' })?.('ab  '), 'ab');
  assert.is(canonicalWithoutPostgres({ typeName: 'timestamptz' }), undefined);
  assert.is(canonicalWithoutPostgres({ typeName: 'toString' }), undefined);
  // Two zones of one instant are two times, and may be two keys.
  assert.is(canonicalSql({ typeName: 'timetz' }, 'k'), 'k::text');
  assert.is(canonicalSql({ typeName: 'date' }, 'k'), 'k::text');
});

test('an hstore, which is carried as JSON', () => {
  const text = forPostgres({ typeName: 'hstore' });
  assert.is(text('{"a\\"b":"c\\\\d","e":null}'), '"a\\"b"=>"c\\\\d","e"=>NULL');
  assert.is(text('{}'), '');
});

test('parts that differ never make the same key', () => {
  assert.is(joinKey(['a']), 'a');
  assert.is.not(joinKey(['a', 'bc']), joinKey(['ab', 'c']));
});

test.run();
