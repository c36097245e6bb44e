/** Type of a column, by its name in `pg_type`; of a domain the type beneath it. */
export interface Column {
  readonly name: string;
  readonly typeName: string;
}

/** SQL that gives a value's canonical text, from an expression of the column's type. */
export type Canonical = (value: string) => string;

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric', 'oid']);
const JSON_TYPES = new Set(['json', 'jsonb']);
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);
/** Carried as texts of another form than Postgres' own. */
const TIMES = new Set(['timestamptz', 'timestamp', 'time', 'timetz', 'interval']);

const asText: Canonical = (value) => `${value}::text`;

/**
 * The canonical form that values of two columns have if they are the same value, under the settings of `canonicalSession`:
 * numbers without trailing zeros, JSON through jsonb, char without its padding, all else as Postgres writes it. Undefined
 * where the types have no form in common.
 */
export function canonicalForm(
  source: Pick<Column, 'typeName'>,
  model: Pick<Column, 'typeName'>,
): Canonical | undefined {
  const both = [source.typeName, model.typeName];
  if (both.every((type) => NUMBERS.has(type)))
    return (value) => `trim_scale(${value}::numeric)::text`;
  if (both.every((type) => JSON_TYPES.has(type))) return (value) => `${value}::jsonb::text`;
  if (both.includes('bpchar') && both.every((type) => TEXTS.has(type))) {
    return (value) => `rtrim(${value}::text, ' ')`;
  }
  if (source.typeName === model.typeName) return asText;
  return TEXTS.has(model.typeName) && !TIMES.has(source.typeName) ? asText : undefined;
}

/** SQL of one short text for a row's values: the same in each encoding and collation of a database. */
export function digestSql(values: readonly string[]): string {
  return `encode(sha256(convert_to(to_json(array[${values.join(', ')}]::text[])::text, 'UTF8')), 'hex')`;
}
