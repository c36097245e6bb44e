import { isObject } from '../../lib/api/problem.ts';

/** A field of an Avro schema, named by the way to it: `after.price`. */
export interface SchemaField {
  readonly path: string;
  /** `decimal(12,2) or null`. */
  readonly type: string;
  readonly hasDefault: boolean;
  readonly doc: string;
}

export interface SchemaDifference {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed' | 'wording';
  /** The type before and after; empty where there is none. */
  readonly from: string;
  readonly to: string;
  /** Who can no longer read what; `safe`: all can read. */
  readonly breaks: 'safe' | 'newReaders' | 'oldReaders' | 'both';
  readonly summary: string;
}

type Named = Map<string, Record<string, unknown>>;

/** The fields of a schema, nested ones by their way. Of Debezium's envelope, the row stands once, as `after`. */
export function schemaFields(schema: unknown): readonly SchemaField[] {
  const named: Named = new Map();
  collect(schema, named);
  return walk(schema, '', named, new Set());
}

/** What a version changed; fields in the order of the newer one, removed ones last. */
export function schemaDiff(older: unknown, newer: unknown): readonly SchemaDifference[] {
  const before = new Map(schemaFields(older).map((field) => [field.path, field]));
  const after = new Map(schemaFields(newer).map((field) => [field.path, field]));
  const found: SchemaDifference[] = [];
  for (const [path, field] of after) {
    const old = before.get(path);
    if (old === undefined) found.push(added(field));
    else if (old.type !== field.type) found.push(retyped(old, field));
    else if (old.hasDefault !== field.hasDefault) found.push(redefaulted(old, field));
    else if (old.doc !== field.doc) {
      found.push({
        ...plain(old, field),
        kind: 'wording',
        breaks: 'safe',
        summary: 'Only its description.',
      });
    }
  }
  for (const [path, field] of before) if (!after.has(path)) found.push(removed(field));
  return found;
}

/** All differences of a version in a sentence, and whether it breaks anybody. */
export function diffVerdict(differences: readonly SchemaDifference[]): {
  readonly isSafe: boolean;
  readonly summary: string;
} {
  const hurts = (who: 'newReaders' | 'oldReaders') =>
    differences.some(({ breaks }) => breaks === who || breaks === 'both');
  const [hurtsNew, hurtsOld] = [hurts('newReaders'), hurts('oldReaders')];
  if (differences.length === 0) return { isSafe: true, summary: 'nothing that readers see.' };
  if (!hurtsNew && !hurtsOld) {
    return { isSafe: true, summary: 'readers of either version can read both.' };
  }
  if (hurtsNew && hurtsOld) {
    return {
      isSafe: false,
      summary: 'neither version’s readers can read the other’s records.',
    };
  }
  return hurtsNew
    ? { isSafe: false, summary: 'its readers cannot read what was written before.' }
    : {
        isSafe: false,
        summary: 'readers of the version before cannot read what is written now.',
      };
}

function plain(old: SchemaField, field: SchemaField) {
  return { path: field.path, from: old.type, to: field.type };
}

function added({ path, type, hasDefault }: SchemaField): SchemaDifference {
  const shared = { path, kind: 'added', from: '', to: type } as const;
  return hasDefault
    ? { ...shared, breaks: 'safe', summary: 'New, with a default for what was written before.' }
    : {
        ...shared,
        breaks: 'newReaders',
        summary: 'New, without a default: what was written before has no value for it.',
      };
}

function removed({ path, type, hasDefault }: SchemaField): SchemaDifference {
  const shared = { path, kind: 'removed', from: type, to: '' } as const;
  return hasDefault
    ? { ...shared, breaks: 'safe', summary: 'Gone; readers that know it take its default.' }
    : {
        ...shared,
        breaks: 'oldReaders',
        summary: 'Gone, and it had no default: readers that know it need it.',
      };
}

function redefaulted(old: SchemaField, field: SchemaField): SchemaDifference {
  const shared = { ...plain(old, field), kind: 'changed' } as const;
  return field.hasDefault
    ? { ...shared, breaks: 'safe', summary: 'It may be left out now.' }
    : { ...shared, breaks: 'safe', summary: 'It may no longer be left out.' };
}

function retyped(old: SchemaField, field: SchemaField): SchemaDifference {
  const shared = { ...plain(old, field), kind: 'changed' } as const;
  const widens = canRead(field.type, old.type);
  const narrows = canRead(old.type, field.type);
  if (widens && narrows)
    return { ...shared, breaks: 'safe', summary: 'Both types can be read as the other.' };
  if (widens) {
    return {
      ...shared,
      breaks: 'oldReaders',
      summary:
        'Wider: what was written before can be read, but readers of the old type cannot read the new one.',
    };
  }
  if (narrows) {
    return {
      ...shared,
      breaks: 'newReaders',
      summary: 'Narrower: what was written before may not fit.',
    };
  }
  return { ...shared, breaks: 'both', summary: 'Another type: neither can be read as the other.' };
}

/** Which types Avro reads as a wider one. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};
const OR_NULL = ' or null';

/** Whether readers of a type can read values written as the other, by Avro's schema resolution. */
function canRead(reader: string, writer: string): boolean {
  if (reader === writer) return true;
  if (reader.endsWith(OR_NULL)) {
    return canRead(
      reader.slice(0, -OR_NULL.length),
      writer.endsWith(OR_NULL) ? writer.slice(0, -OR_NULL.length) : writer,
    );
  }
  const symbols = (type: string) => /^enum\((.*)\)$/.exec(type)?.[1]?.split(', ');
  const [read, written] = [symbols(reader), symbols(writer)];
  if (read !== undefined && written !== undefined)
    return written.every((one) => read.includes(one));
  return WIDER[writer]?.includes(reader) ?? false;
}

function collect(schema: unknown, named: Named): void {
  if (Array.isArray(schema)) for (const one of schema) collect(one, named);
  if (!isObject(schema)) return;
  if (typeof schema.name === 'string' && 'type' in schema) {
    const name = schema.name.split('.').at(-1) ?? '';
    if (schema.type === 'record' || schema.type === 'enum') named.set(name, schema);
  }
  for (const part of [schema.type, schema.items, schema.values]) collect(part, named);
  if (Array.isArray(schema.fields)) for (const field of schema.fields) collect(field, named);
}

function walk(
  schema: unknown,
  way: string,
  named: Named,
  above: ReadonlySet<string>,
): SchemaField[] {
  const record = recordOf(schema, named);
  if (record === undefined || !Array.isArray(record.fields)) return [];
  const name = String(record.name);
  // A record that holds itself is not walked for ever.
  if (above.has(name)) return [];
  const fields = record.fields.filter(isObject);
  const isEnvelope = ['before', 'after'].every((one) => fields.some((field) => field.name === one));
  return fields.flatMap((field) => {
    if (isEnvelope && field.name === 'before') return [];
    const path = way === '' ? String(field.name) : `${way}.${field.name}`;
    const own: SchemaField = {
      path,
      type: formatType(field.type, named),
      hasDefault: 'default' in field,
      doc: typeof field.doc === 'string' ? field.doc : '',
    };
    return [own, ...walk(field.type, path, named, new Set([...above, name]))];
  });
}

/** The record that a type is, holds or names. */
function recordOf(type: unknown, named: Named): Record<string, unknown> | undefined {
  if (typeof type === 'string') return named.get(type.split('.').at(-1) ?? '');
  if (Array.isArray(type)) return type.map((one) => recordOf(one, named)).find(Boolean);
  if (!isObject(type)) return undefined;
  if (type.type === 'record') return type;
  return recordOf(type.items ?? type.values, named);
}

export function formatType(type: unknown, named: Named = new Map()): string {
  if (Array.isArray(type)) {
    const others = type.filter((one) => one !== 'null').map((one) => formatType(one, named));
    return `${others.join(' or ')}${others.length < type.length ? OR_NULL : ''}`;
  }
  if (typeof type === 'string') {
    const known = named.get(type.split('.').at(-1) ?? '');
    return known === undefined ? type : formatType(known, named);
  }
  if (!isObject(type)) return 'unknown';
  const { logicalType, 'connect.name': connect } = type;
  if (logicalType === 'decimal') return `decimal(${type.precision},${type.scale ?? 0})`;
  if (typeof logicalType === 'string') return logicalType;
  switch (type.type) {
    case 'record':
      return 'record';
    case 'enum':
      return `enum(${Array.isArray(type.symbols) ? type.symbols.join(', ') : ''})`;
    case 'array':
      return `list of ${formatType(type.items, named)}`;
    case 'map':
      return `map of ${formatType(type.values, named)}`;
    default: {
      const own = formatType(type.type, named);
      return typeof connect === 'string' ? `${own} (${connect.split('.').at(-1)})` : own;
    }
  }
}
