import { readdir, readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTRACTS } from '../contracts.ts';
import { generateTypes } from './generate.ts';

const generate = (schema: object) => generateTypes('t.avsc', JSON.stringify(schema));
const record = (fields: readonly object[]) => ({ type: 'record', name: 'Thing', fields });

test('every Avro type has its exact TypeScript type', () => {
  const types: [unknown, string][] = [
    ['string', 'string'],
    ['boolean', 'boolean'],
    ['int', 'number'],
    ['double', 'number'],
    ['long', 'bigint'],
    [{ type: 'long', logicalType: 'timestamp-micros' }, 'bigint'],
    ['bytes', 'Uint8Array'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, 'string'],
    [['null', 'long'], 'bigint | null'],
    [['null', 'string', 'int'], 'string | number | null'],
    [{ type: 'array', items: ['null', 'long'] }, 'readonly (bigint | null)[]'],
    [{ type: 'map', values: 'string' }, 'Readonly<Record<string, string>>'],
    [{ type: 'fixed', name: 'F', size: 4 }, 'Uint8Array'],
  ];
  for (const [type, expected] of types) {
    assert.match(generate(record([{ name: 'field', type }])), `readonly field: ${expected};`);
  }
});

test('records and enums inside are declared before what holds them, docs and units are kept', () => {
  const text = generate(
    record([
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] }, doc: 'It */ is.' },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 } },
    ]),
  );
  assert.ok(text.indexOf('export type Kind') < text.indexOf('export interface Thing'));
  assert.match(text, "| 'A'\n  | 'B';");
  assert.match(text, '/** It * / is. */');
  assert.match(text, '/** Decimal text, at most 4 digits, 2 after the point. */');
  assert.match(text, 'export const thingSchemaText =');
});

test('what the contracts have no need of is refused with its place', () => {
  assert.throws(() => generate(record([{ name: 'x', type: 'Other' }])), /t\.avsc: Thing\.x.*Other/);
  assert.throws(() => generate({ type: 'record', name: 'Thing' }), /has no fields/);
  assert.throws(() => generate(record([{ type: 'int' }])), /has no name/);
});

test('every contract file is one of the contracts, word for word', async () => {
  const folder = new URL('../../avro/', import.meta.url);
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')),
  );
  const compact = texts.map((text) => JSON.stringify(JSON.parse(text)));
  assert.equal(compact.sort(), CONTRACTS.map((contract) => contract.schemaText).sort());
});

test.run();
