// Our own generator: those on npm (avro-typescript, @ovotech/avro-ts) are years without a release, and none
// gives an exact type to decimals and longs.

/**
 * TypeScript for one Avro contract: an interface per record, a union type per enum, with their docs, and
 * the schema's own text as a constant. Types are those the codec reads: decimal → string, long → bigint,
 * timestamp-micros → bigint (Unix microseconds), bytes and fixed → Uint8Array.
 * @param fileName name of the `.avsc` file, for the header and for messages
 * @throws {Error} for Avro the contracts have no need of
 */
export function generateTypes(fileName: string, avscText: string): string {
  const schema: unknown = JSON.parse(avscText);
  const declarations: string[] = [];
  const root = declare(schema, declarations, fileName);
  return [
    `// Generated from avro/${fileName} by \`make codegen\`: edit that file instead.\n`,
    ...declarations,
    `/** The Avro schema itself, as JSON text. */`,
    `export const ${root.charAt(0).toLowerCase()}${root.slice(1)}SchemaText =`,
    `  ${quote(JSON.stringify(schema))};\n`,
  ].join('\n');
}

type Fields = Readonly<Record<string, unknown>>;

/** Adds the declarations a schema needs, parts first, and returns its TypeScript type. */
function declare(schema: unknown, declarations: string[], at: string): string {
  if (typeof schema === 'string') return primitiveType(schema, at);
  if (Array.isArray(schema)) {
    const branches = schema.filter((branch) => branch !== 'null');
    const types = branches.map((branch) => declare(branch, declarations, at));
    return [...types, ...(branches.length < schema.length ? ['null'] : [])].join(' | ');
  }
  if (!isFields(schema)) throw new Error(`${at}: no schema`);
  const { type, logicalType } = schema;
  if (logicalType === 'decimal') return 'string';
  switch (type) {
    case 'record':
      return declareRecord(schema, declarations, at);
    case 'enum':
      return declareEnum(schema, declarations, at);
    case 'array':
      return `readonly (${declare(schema.items, declarations, `${at}[]`)})[]`;
    case 'map':
      return `Readonly<Record<string, ${declare(schema.values, declarations, `${at}{}`)}>>`;
    case 'fixed':
      return 'Uint8Array';
    default:
      return declare(type, declarations, at);
  }
}

function declareRecord(schema: Fields, declarations: string[], at: string): string {
  const name = nameOf(schema, at);
  const { fields } = schema;
  if (!Array.isArray(fields)) throw new Error(`${at}: record ${name} has no fields`);
  const members = fields.map((field: unknown) => {
    if (!isFields(field)) throw new Error(`${at}: a field of ${name} is no object`);
    const path = `${at}: ${name}.${field.name}`;
    const type = declare(field.type, declarations, path);
    const doc = [field.doc, unit(field.type)].filter((part) => part !== undefined).join(' ');
    return `${docComment(doc, '  ')}  readonly ${nameOf(field, path)}: ${type};\n`;
  });
  declarations.push(
    `${docComment(schema.doc, '')}export interface ${name} {\n${members.join('')}}\n`,
  );
  return name;
}

function declareEnum(schema: Fields, declarations: string[], at: string): string {
  const name = nameOf(schema, at);
  const { symbols } = schema;
  if (!Array.isArray(symbols)) throw new Error(`${at}: enum ${name} has no symbols`);
  const type = symbols.map((symbol) => `\n  | ${quote(String(symbol))}`).join('');
  declarations.push(`${docComment(schema.doc, '')}export type ${name} =${type};\n`);
  return name;
}

function primitiveType(type: string, at: string): string {
  switch (type) {
    case 'null':
    case 'boolean':
    case 'string':
      return type;
    case 'int':
    case 'float':
    case 'double':
      return 'number';
    case 'long':
      return 'bigint';
    case 'bytes':
      return 'Uint8Array';
    default:
      throw new Error(`${at}: no TypeScript type for ${type}`);
  }
}

/** What the TypeScript type no longer says. */
function unit(schema: unknown): string | undefined {
  const part = Array.isArray(schema) ? schema.find((branch) => branch !== 'null') : schema;
  if (!isFields(part)) return undefined;
  if (part.logicalType === 'timestamp-micros') return 'Unix microseconds.';
  if (part.logicalType === 'decimal') {
    return `Decimal text, at most ${part.precision} digits, ${part.scale ?? 0} after the point.`;
  }
  return undefined;
}

function nameOf(schema: Fields, at: string): string {
  const { name } = schema;
  if (typeof name !== 'string' || name === '') throw new Error(`${at}: a part has no name`);
  return name;
}

function docComment(doc: unknown, indent: string): string {
  if (typeof doc !== 'string' || doc === '') return '';
  return `${indent}/** ${doc.replaceAll('*/', '* /')} */\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
