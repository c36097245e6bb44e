import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseShape, SchemaError } from './parse-shape.ts';

const test = suite('Avro defaults');

/** What is wrong with a field of this type and default, and where; undefined: nothing. */
function problemOf(type: unknown, fallback: unknown): string | undefined {
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'field', type, default: fallback },
  ];
  try {
    parseShape(JSON.stringify({ type: 'record', name: 'Event', fields }));
    return undefined;
  } catch (error) {
    if (error instanceof SchemaError) return `${error.pointer}: ${error.message}`;
    throw error;
  }
}

const DECIMAL = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 };
const DAY = { type: 'int', logicalType: 'date' };
const STATE = { type: 'enum', name: 'State', symbols: ['on', 'off'] };
const PLACE = {
  type: 'record',
  name: 'Place',
  fields: [
    { name: 'row', type: 'int' },
    { name: 'shelf', type: 'string', default: '' },
  ],
};

test('defaults are taken as Avro writes them', () => {
  const good: [type: unknown, fallback: unknown][] = [
    ['boolean', false],
    ['string', ''],
    ['int', -2_147_483_648],
    ['double', 0.5],
    [DECIMAL, '\u0000'],
    [DAY, 20_000],
    [STATE, 'off'],
    [{ type: 'array', items: 'int' }, [1, 2]],
    [{ type: 'map', values: 'string' }, { a: 'b' }],
    [['null', 'string'], null],
    [['string', 'null'], 'none'],
    [PLACE, { row: 1 }],
  ];
  for (const [type, fallback] of good) assert.is(problemOf(type, fallback), undefined);
});

test('any other is refused, and its field named', () => {
  const bad: [type: unknown, fallback: unknown][] = [
    ['boolean', 'false'],
    ['string', 1],
    ['int', 2_147_483_648],
    ['int', 0.5],
    ['double', '0.5'],
    [DECIMAL, 1.5],
    [DAY, '2026-01-01'],
    [STATE, 'broken'],
    [{ type: 'array', items: 'int' }, ['1']],
    [{ type: 'map', values: 'string' }, []],
    [['null', 'string'], 'none'],
    [['string', 'null'], null],
    [PLACE, { shelf: 'A' }],
  ];
  for (const [type, fallback] of bad) {
    assert.match(
      problemOf(type, fallback) ?? 'taken',
      /^\/fields\/1\/default: .*default of field/,
      JSON.stringify([type, fallback]),
    );
  }
});

test.run();
