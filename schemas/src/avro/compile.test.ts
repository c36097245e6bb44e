import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CodecError, type CodecErrorCode } from '../errors.ts';
import { compileWriter } from './compile.ts';

function refusalOf(work: () => unknown): CodecErrorCode | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
}

const refusalOfSchema = (schema: unknown) =>
  refusalOf(() => compileWriter(typeof schema === 'string' ? schema : JSON.stringify(schema)));
const record = (name: string, fields: readonly object[]) => ({ type: 'record', name, fields });

function nested(depth: number): string {
  return `${'{"type":"array","items":'.repeat(depth)}"int"${'}'.repeat(depth)}`;
}

test('schemas made to harm their reader are refused', () => {
  const hostile: Record<string, unknown> = {
    'items of no bytes': { type: 'array', items: 'null' },
    'items of empty records': { type: 'array', items: record('E', []) },
    'items of records of nulls': {
      type: 'array',
      items: record('E', [{ name: 'a', type: 'null' }]),
    },
    'items of fixed(0)': { type: 'array', items: { type: 'fixed', name: 'F', size: 0 } },
    'a huge fixed': { type: 'fixed', name: 'F', size: 2 ** 30 },
    'a record that is itself': record('A', [{ name: 'a', type: 'A' }]),
    'two records that are each other': record('A', [
      { name: 'b', type: record('B', [{ name: 'a', type: 'A' }]) },
    ]),
    'deep nesting': nested(100),
    'very deep nesting': nested(200_000),
    'too many parts': Array.from({ length: 100_001 }, () => 'null'),
    'too much text': `"${'a'.repeat(5_000_000)}"`,
    'a field that replaces the prototype':
      '{"type":"record","name":"R","fields":[{"name":"__proto__","type":"int"}]}',
  };
  for (const [name, schema] of Object.entries(hostile)) {
    assert.is(refusalOfSchema(schema), 'HOSTILE_SCHEMA', name);
  }
});

test('what is no Avro schema is refused as such', () => {
  const bad: unknown[] = [
    '',
    'not json',
    'null',
    '7',
    '"integer"',
    {},
    { type: 'record', name: 'R' },
    { type: 'record', fields: [] },
    { type: 'record', name: '1R', fields: [] },
    record('R', [{ type: 'int' }]),
    record('R', [{ name: 'a b', type: 'int' }]),
    record('R', [{ name: 'a;process.exit()', type: 'int' }]),
    record('R); process.exit(', []),
    { type: 'enum', name: 'E', symbols: 'A' },
    { type: 'enum', name: 'E', symbols: ['A', 'A'] },
    { type: 'fixed', name: 'F', size: -1 },
    { type: 'fixed', name: 'F', size: '1' },
    { type: 'array' },
    ['null', ['int']],
    ['int', 'int'],
    record('R', [{ name: 'a', type: 'Missing' }]),
  ];
  for (const schema of bad) {
    assert.is(refusalOfSchema(schema), 'BAD_SCHEMA', JSON.stringify(schema).slice(0, 80));
  }
});

test('recursive schemas whose values end are read, to a bounded depth', () => {
  const list = record('List', [
    { name: 'value', type: 'int' },
    { name: 'next', type: ['null', 'List'] },
  ]);
  const { type, scan } = compileWriter(JSON.stringify(list));
  const short = type.toBuffer({ value: 1, next: { value: 2, next: null } });
  scan(short, 0);
  assert.is(type.fromBuffer(short).next.value, 2);
  const endless = Buffer.alloc(2_000_000, 2);
  assert.is(
    refusalOf(() => scan(endless, 0)),
    'MALFORMED',
  );
  const mutual = record('A', [
    { name: 'b', type: ['null', record('B', [{ name: 'a', type: 'A' }])] },
  ]);
  assert.is(refusalOfSchema(mutual), undefined);
});

test('a few bytes never become many values', () => {
  const nulls = Array.from({ length: 5_000 }, (_, index) => ({ name: `f${index}`, type: 'null' }));
  const items = {
    type: 'array',
    items: record('I', [{ name: 'flag', type: 'boolean' }, ...nulls]),
  };
  const wide = compileWriter(JSON.stringify(items));
  const bytes = Buffer.concat([Buffer.from([0x80, 0x08]), Buffer.alloc(512, 1), Buffer.from([0])]);
  assert.is(
    refusalOf(() => wide.scan(bytes, 0)),
    'HOSTILE_SCHEMA',
  );

  // Thirty records, each holding the one before twice: 2^30 values in no bytes.
  let doubled: unknown = record('R0', [{ name: 'a', type: 'null' }]);
  for (let level = 1; level <= 30; level += 1) {
    doubled = record(`R${level}`, [
      { name: 'a', type: doubled },
      { name: 'b', type: `R${level - 1}` },
    ]);
  }
  const { scan } = compileWriter(JSON.stringify(doubled));
  assert.is(
    refusalOf(() => scan(Buffer.alloc(0), 0)),
    'HOSTILE_SCHEMA',
  );
});

test('lengths and counts beyond the bytes are refused before anything is made of them', () => {
  const huge = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]);
  const negative = Buffer.from([0x01]);
  for (const schema of [
    '"bytes"',
    '"string"',
    { type: 'array', items: 'int' },
    { type: 'map', values: 'int' },
  ]) {
    const { scan } = compileWriter(typeof schema === 'string' ? schema : JSON.stringify(schema));
    assert.is(
      refusalOf(() => scan(huge, 0)),
      'MALFORMED',
    );
    assert.is(
      refusalOf(() => scan(negative, 0)),
      'MALFORMED',
    );
  }
  const fixed = compileWriter(JSON.stringify({ type: 'fixed', name: 'F', size: 16 }));
  assert.is(
    refusalOf(() => fixed.scan(Buffer.alloc(15), 0)),
    'MALFORMED',
  );
});

test('indexes and numbers outside their range are refused', () => {
  const cases: [unknown, number[]][] = [
    [['null', 'int'], [4]],
    [['null', 'int'], [1]],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, [2]],
    ['"int"', [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['"long"', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]],
    ['"double"', [0, 0, 0, 0, 0, 0, 0]],
  ];
  for (const [schema, bytes] of cases) {
    const { scan } = compileWriter(typeof schema === 'string' ? schema : JSON.stringify(schema));
    assert.is(
      refusalOf(() => scan(Buffer.from(bytes), 0)),
      'MALFORMED',
      JSON.stringify(schema),
    );
  }
});

test('arrays and maps written in blocks with sizes are read', () => {
  const { type, scan } = compileWriter(JSON.stringify({ type: 'array', items: 'int' }));
  const blocks = Buffer.from([0x03, 0x04, 0x02, 0x04, 0x02, 0x06, 0x00]);
  scan(blocks, 0);
  assert.equal(type.fromBuffer(blocks), [1, 2, 3]);
});

test('defaults that avsc cannot hold do not stand in the way of reading', () => {
  const schema = record('R', [
    {
      name: 'at',
      type: [{ type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' }, 'null'],
      default: 'now',
    },
    {
      name: 'price',
      type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 },
      default: 7,
    },
  ]);
  assert.is(refusalOfSchema(schema), undefined);
});

test('a decimal whose scale is above its precision or below 0 is read', () => {
  for (const [scale, text] of [
    [5, '0.00012'],
    [-2, '1200'],
  ] as const) {
    const { type } = compileWriter(
      JSON.stringify({ type: 'bytes', logicalType: 'decimal', precision: 3, scale }),
    );
    assert.is(type.fromBuffer(Buffer.from([2, 12])), text);
  }
});

test('a decimal in a fixed is read', () => {
  const schema = {
    type: 'fixed',
    name: 'F',
    size: 4,
    logicalType: 'decimal',
    precision: 9,
    scale: 2,
  };
  const { type, scan } = compileWriter(JSON.stringify(schema));
  const bytes = Buffer.from([0xff, 0xff, 0xff, 0xfe]);
  scan(bytes, 0);
  assert.is(type.fromBuffer(bytes), '-0.02');
});

test.run();
