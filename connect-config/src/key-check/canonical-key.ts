import { z } from 'zod';
import type { KeyColumn } from './key-columns.ts';

/**
 * The canonical form of a key: one text per column, the same for a row of the source and for the Avro key of its records.
 *
 * Postgres makes it. A value of the source goes through an SQL expression; the text of an Avro value is cast to the
 * column's type and goes through the same expression. So any two texts of one value (`1.0` and `1.00`, two
 * zones of one instant, a padded char) have one form. Texts of the commonest types are in that form already, or are
 * brought there without asking Postgres.
 */

/**
 * Statements that a transaction which computes canonical forms begins with. Operators are found by the search path: those
 * of a key's type stand in the schema of the type.
 */
export function canonicalSession(columns: readonly KeyColumn[]): string {
  const schemas = new Set(['pg_catalog', ...columns.map(({ typeSchema }) => typeSchema)]);
  return `${SETTINGS}; set local search_path = ${[...schemas].join(', ')}`;
}

const SETTINGS = `set local row_security = off; set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';
  set local bytea_output = 'hex'; set local extra_float_digits = 1; set local lc_monetary = 'C'; set local xmloption = content;
  set local statement_timeout = 0; set local lock_timeout = '5s'`;

/** SQL that gives the canonical text of an expression of the column's type. */
export function canonicalSql({ typeName }: Pick<KeyColumn, 'typeName'>, value: string): string {
  return typeName === 'numeric' ? `trim_scale(${value})::text` : `${value}::text`;
}

const asItIs = (text: string) => text;

const WITHOUT_POSTGRES: Readonly<Record<string, (text: string) => string>> = {
  int2: asItIs,
  int4: asItIs,
  int8: asItIs,
  oid: asItIs,
  bool: asItIs,
  text: asItIs,
  varchar: asItIs,
  uuid: asItIs,
  bytea: asItIs,
  bpchar: (text) => text.replace(/ +$/, ''),
  numeric: trimScale,
};

/** How an Avro value's text gets its canonical form; undefined where Postgres has to be asked. */
export function canonicalWithoutPostgres({
  typeName,
}: Pick<KeyColumn, 'typeName'>): ((text: string) => string) | undefined {
  return Object.hasOwn(WITHOUT_POSTGRES, typeName) ? WITHOUT_POSTGRES[typeName] : undefined;
}

/**
 * How a decoded text becomes one that Postgres reads as the column's type, where they differ.
 *
 * An hstore is carried as JSON.
 */
export function forPostgres({ typeName }: Pick<KeyColumn, 'typeName'>): (text: string) => string {
  return typeName === 'hstore' ? hstoreOfJson : asItIs;
}

const hstoreSchema = z.record(z.string(), z.string().nullable());

function hstoreOfJson(text: string): string {
  const quoted = (part: string) => `"${part.replaceAll(/["\\]/g, '\\$&')}"`;
  return Object.entries(hstoreSchema.parse(JSON.parse(text)))
    .map(([key, value]) => `${quoted(key)}=>${value === null ? 'NULL' : quoted(value)}`)
    .join(',');
}

/** As Postgres' trim_scale. */
function trimScale(text: string): string {
  if (!/^-?\d+\.\d+$/.test(text)) return text;
  const trimmed = text.replace(/\.?0+$/, '');
  return trimmed === '-0' ? '0' : trimmed;
}

/**
 * A decoded part of an Avro key as text that Postgres reads as the column's value.
 * @throws TypeError for a structure: no key column of a type that is carried has one
 */
export function textOfKeyPart(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
      if (Array.isArray(value)) return `{${value.map(arrayItem).join(',')}}`;
      throw new TypeError('a part of the key has no text');
  }
}

function arrayItem(value: unknown): string {
  if (value === null) return 'NULL';
  const text = textOfKeyPart(value);
  if (Array.isArray(value)) return text;
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** One text for the parts of a key, unlike that of any other parts. */
export function joinKey(parts: readonly string[]): string {
  return parts.length === 1
    ? String(parts[0])
    : parts.map((part) => `${part.length}:${part}`).join('');
}
