import type { FieldShape, RecordShape, Shape } from './shape.ts';

/** Which readers a new schema must not break (Confluent's words). */
export const COMPATIBILITIES = ['NONE', 'BACKWARD', 'FORWARD', 'FULL'] as const;
export type CompatibilityLevel = (typeof COMPATIBILITIES)[number];

/** A field because of which some reader could no longer read. */
export interface Incompatibility {
  /** Names of the fields that lead to it, from the event down: `items.price`. */
  readonly field: string;
  readonly detail: string;
}

/**
 * What a new schema would break: BACKWARD asks whether its readers can read what was written before, FORWARD
 * whether those who know only the old schema can read what will be written, FULL both. (The registry decides;
 * this says in terms of fields what it would refuse.)
 */
export function incompatibilities(
  before: RecordShape,
  after: RecordShape,
  level: CompatibilityLevel,
): Incompatibility[] {
  const found: Incompatibility[] = [];
  if (level === 'BACKWARD' || level === 'FULL') readRecord(after, before, '', 'new', found);
  if (level === 'FORWARD' || level === 'FULL') readRecord(before, after, '', 'present', found);
  const seen = new Set<string>();
  return found.filter(({ field }) => !seen.has(field) && seen.add(field));
}

type Readers = 'new' | 'present';

function readRecord(
  reader: RecordShape,
  writer: RecordShape,
  path: string,
  readers: Readers,
  found: Incompatibility[],
): void {
  const written = new Map(writer.fields.map((field) => [field.name, field]));
  for (const field of reader.fields) {
    const at = path === '' ? field.name : `${path}.${field.name}`;
    const other = written.get(field.name);
    if (other !== undefined) readShape(field.shape, other.shape, at, readers, found);
    else if (!field.optional) found.push({ field: at, detail: missing(field, readers) });
  }
}

function missing({ name }: FieldShape, readers: Readers): string {
  return readers === 'new'
    ? `${name} is new and has no default: events written before have no value for it`
    : `${name} is gone and has no default: readers of the present schema need it`;
}

/** Adds what of `writer`'s values `reader` could not read (Avro's schema resolution). */
function readShape(
  reader: Shape,
  writer: Shape,
  at: string,
  readers: Readers,
  found: Incompatibility[],
): void {
  if (reader.kind === 'nullable') {
    const of = writer.kind === 'nullable' ? writer.of : writer;
    readShape(reader.of, of, at, readers, found);
  } else if (reader.kind === 'record' && writer.kind === 'record' && reader.name === writer.name) {
    readRecord(reader, writer, at, readers, found);
  } else if (reader.kind === 'array' && writer.kind === 'array') {
    readShape(reader.items, writer.items, `${at}[]`, readers, found);
  } else if (reader.kind === 'map' && writer.kind === 'map') {
    readShape(reader.values, writer.values, `${at}{}`, readers, found);
  } else if (!isReadable(reader, writer)) {
    const [from, to] = readers === 'new' ? [writer, reader] : [reader, writer];
    found.push({ field: at, detail: `its type would change from ${words(from)} to ${words(to)}` });
  }
}

function isReadable(reader: Shape, writer: Shape): boolean {
  if (reader.kind === 'enum' && writer.kind === 'enum') {
    return writer.symbols.every((symbol) => reader.symbols.includes(symbol));
  }
  if (writer.kind === 'integer') {
    // Avro widens numbers; the other way something would be lost.
    return reader.kind === 'integer' ? reader.bits >= writer.bits : reader.kind === 'float';
  }
  return words(reader) === words(writer);
}

function words(shape: Shape): string {
  switch (shape.kind) {
    case 'integer':
      return shape.bits === 32 ? 'int' : 'long';
    case 'decimal':
      return `decimal(${shape.precision},${shape.scale})`;
    case 'instant':
      return shape.unit === 'us' ? 'timestamp-micros' : 'timestamp-millis';
    case 'bytes':
      return shape.size === undefined ? 'bytes' : `fixed(${shape.size})`;
    case 'enum':
      return `enum(${shape.symbols.join(', ')})`;
    case 'nullable':
      return `${words(shape.of)} or null`;
    case 'record':
      return `record ${shape.name}`;
    default:
      return shape.kind;
  }
}
