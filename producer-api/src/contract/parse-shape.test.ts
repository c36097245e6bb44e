import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { incompatibilities } from './compatibility.ts';
import { parseShape, SchemaError } from './parse-shape.ts';

const record = (...fields: object[]) => ({ type: 'record', name: 'R', fields });
const shapeOf = (schema: object) => parseShape(JSON.stringify(schema));

function refusalOf(schema: unknown): string {
  try {
    parseShape(JSON.stringify(schema));
    return 'taken';
  } catch (error) {
    if (error instanceof SchemaError) return error.pointer;
    throw error;
  }
}

test('what events cannot be checked against is refused, with its place in the schema', () => {
  const cases: [unknown, string][] = [
    ['string', ''],
    [record({ name: 'a', type: 'strng' }), '/fields/0/type'],
    [record({ name: 'a', type: ['int', 'string'] }), '/fields/0/type'],
    [record({ name: '__proto__', type: 'int' }), '/fields/0/name'],
    [record({ name: 'a', type: 'R' }), '/fields/0/type'],
    [record({ name: 'a', type: 'int' }, { name: 'a', type: 'int' }), '/fields'],
    [{ ...record({ name: 'a', type: 'int' }), key: 'a' }, '/key'],
    [{ ...record({ name: 'a', type: 'string' }), ordered: [['a', 'a']] }, '/ordered/0'],
    [
      record({ name: 'a', type: { type: 'enum', name: 'E', symbols: ['x', 'x'] } }),
      '/fields/0/type/symbols',
    ],
    [record({ name: 'a', type: { type: 'fixed', name: 'F', size: 0 } }), '/fields/0/type/size'],
    // Ranges with nothing in them.
    [record({ name: 'a', type: 'int', minimum: 5, maximum: 4 }), '/fields/0/type'],
    [record({ name: 'a', type: 'double', exclusiveMinimum: 1, maximum: 1 }), '/fields/0/type'],
    [record({ name: 'a', type: 'long', minimum: 1, exclusiveMaximum: 1 }), '/fields/0/type'],
    [record({ name: 'a', type: 'string', minLength: 5, maxLength: 4 }), '/fields/0/type'],
    [record({ name: 'a', type: 'int', minimum: 5, maximum: 5 }), 'taken'],
    [
      record({
        name: 'a',
        type: { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 },
      }),
      '/fields/0/type',
    ],
  ];
  for (const [schema, pointer] of cases) {
    assert.is(refusalOf(schema), pointer, JSON.stringify(schema));
  }
});

test('a schema that doubles with every name is refused before it is large', () => {
  const fields = Array.from({ length: 14 }, (_, nr) => ({
    name: `f${nr}`,
    type: {
      type: 'record',
      name: `R${nr}`,
      fields: ['a', 'b'].map((name) => ({ name, type: nr === 0 ? 'int' : `R${nr - 1}` })),
    },
  }));
  assert.not.equal(refusalOf(record(...fields)), 'taken');
});

test('what would break readers names the field', () => {
  const before = shapeOf(
    record({ name: 'a', type: 'string' }, { name: 'n', type: 'int', default: 0 }),
  );
  const broken = (after: object, level: 'BACKWARD' | 'FORWARD' | 'FULL' | 'NONE' = 'FULL') =>
    incompatibilities(before, shapeOf(after), level).map(({ field }) => field);
  const n = { name: 'n', type: 'int', default: 0 };
  const a = { name: 'a', type: 'string' };
  assert.equal(broken(record(a, n)), []);
  assert.equal(broken(record(a)), []);
  assert.equal(broken(record(n)), ['a']);
  assert.equal(broken(record(n), 'BACKWARD'), []);
  assert.equal(broken(record(a, n, { name: 'b', type: 'int' })), ['b']);
  assert.equal(broken(record(a, n, { name: 'b', type: 'int' }), 'FORWARD'), []);
  assert.equal(broken(record({ name: 'a', type: 'int' }, n)), ['a']);
  assert.equal(broken(record(a, { ...n, type: 'long' }), 'BACKWARD'), []);
  assert.equal(broken(record(a, { ...n, type: 'long' })), ['n']);
  assert.equal(broken(record(a, { ...n, type: ['null', 'int'], default: null })), ['n']);
  assert.equal(broken(record(n), 'NONE'), []);
});

test.run();
