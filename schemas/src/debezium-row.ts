import { type ColumnValue, type Row, UNCHANGED } from './change.ts';

/**
 * What Debezium writes in place of a TOASTed value that the WAL does not hold, because the update did not
 * touch it and the replica identity is not FULL (`unavailable.value.placeholder`'s default). Its other
 * forms, by column type, are those of `UnchangedToastedPlaceholder` in Debezium 3.7.0.Final.
 */
const PLACEHOLDER = '__debezium_unavailable_value';
const PLACEHOLDER_BYTES = new TextEncoder().encode(PLACEHOLDER);
/** java.util.UUID.nameUUIDFromBytes (MD5) of the placeholder: the one item of a uuid[] column. */
const PLACEHOLDER_UUID = 'b68a35a7-17ad-35b3-af2a-ae46edb4545a';
/** hstore column in its JSON form. */
const PLACEHOLDER_HSTORE = JSON.stringify({ [PLACEHOLDER]: PLACEHOLDER });

/**
 * A row from the decoded `before` or `after` struct: a plain object whose placeholders have become
 * `UNCHANGED`. Undefined when the value is not a struct.
 */
export function rowFromStruct(struct: unknown): Row | undefined {
  if (!isFields(struct)) return undefined;
  const row: Record<string, ColumnValue> = {};
  for (const [column, value] of Object.entries(struct)) {
    row[column] = isPlaceholder(value) ? UNCHANGED : columnValue(value);
  }
  return row;
}

/**
 * Text of a decoded key: the value itself for a key of one column, the JSON array of the texts for a
 * composite one. Undefined when there is no key or a part of it is null.
 */
export function textOfKey(key: unknown): string | undefined {
  if (!isFields(key)) return textOfPart(key);
  const texts: string[] = [];
  for (const part of Object.values(key)) {
    const text = textOfPart(part);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts.length > 1 ? JSON.stringify(texts) : texts[0];
}

function textOfPart(part: unknown): string | undefined {
  switch (typeof part) {
    case 'string':
      return part;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(part);
    default:
      if (part instanceof Uint8Array) return `\\x${hex(part)}`;
      if (Array.isArray(part)) return JSON.stringify(part.map((item) => textOfPart(item) ?? null));
      return isFields(part) ? textOfKey(part) : undefined;
  }
}

/** Postgres's text of bytea, so that a key reads as it does in psql. */
function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isPlaceholder(value: unknown): boolean {
  if (typeof value === 'string') return value === PLACEHOLDER || value === PLACEHOLDER_HSTORE;
  if (value instanceof Uint8Array) return isPlaceholderBytes(value);
  if (Array.isArray(value)) return isPlaceholderArray(value);
  return isFields(value) && value[PLACEHOLDER] === PLACEHOLDER;
}

function isPlaceholderArray(items: readonly unknown[]): boolean {
  if (items.length === 1) {
    const [item] = items;
    if (item === PLACEHOLDER || item === PLACEHOLDER_UUID) return true;
    return item instanceof Uint8Array && isPlaceholderBytes(item);
  }
  // int[] and bigint[]: the bytes of the placeholder, one per item.
  return (
    items.length === PLACEHOLDER_BYTES.length &&
    items.every((item, index) => String(item) === String(PLACEHOLDER_BYTES[index]))
  );
}

function isPlaceholderBytes(value: Uint8Array): boolean {
  return (
    value.length === PLACEHOLDER_BYTES.length &&
    value.every((byte, index) => byte === PLACEHOLDER_BYTES[index])
  );
}

/** The codec decodes to column values already; this only turns its structs into plain objects. */
function columnValue(value: unknown): ColumnValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      if (value instanceof Uint8Array) return value;
      if (Array.isArray(value)) return value.map(columnValue);
      if (isFields(value)) {
        return Object.fromEntries(
          Object.entries(value).map(([field, nested]) => [field, columnValue(nested)]),
        );
      }
      return null;
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
