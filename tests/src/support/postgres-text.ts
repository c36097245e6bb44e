import type { ColumnValue } from '@shelfcast/schemas/change';

/** A value that arrived, as text that Postgres reads. */
export function postgresText(value: ColumnValue | undefined, type: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return type === 'hstore' ? hstoreText(value) : value;
  if (typeof value === 'boolean' && type === 'bit(1)') return value ? '1' : '0';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (isList(value)) return arrayText(value, type.replace(/\[\]$/, ''));
  if (typeof value === 'object') return geometricText(value, type);
  return String(value);
}

type Struct = { readonly [field: string]: ColumnValue };

function isList(value: ColumnValue): value is readonly ColumnValue[] {
  return Array.isArray(value);
}

function arrayText(items: readonly ColumnValue[], type: string): string {
  const texts = items.map((item) => {
    const text = postgresText(item, type);
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${texts.join(type === 'box' ? ';' : ',')}}`;
}

/** hstore comes as JSON, empty text is the empty one. */
function hstoreText(json: string): string {
  if (!json.startsWith('{')) return json;
  const pairs: [string, string | null][] = Object.entries(JSON.parse(json));
  return pairs
    .map(
      ([key, value]) =>
        `${JSON.stringify(key)}=>${value === null ? 'NULL' : JSON.stringify(value)}`,
    )
    .join(', ');
}

function geometricText(struct: Struct, type: string): string {
  switch (type) {
    case 'point':
      return `(${number(struct.x)},${number(struct.y)})`;
    case 'line':
      return `{${number(struct.a)},${number(struct.b)},${number(struct.c)}}`;
    case 'circle':
      return `<${postgresText(struct.center, 'point')},${number(struct.radius)}>`;
    default:
      return shape(struct, type);
  }
}

/** Debezium's Geometry: well-known binary, and what the type is. */
function shape({ wkb, extensions }: Struct, type: string): string {
  if (!(wkb instanceof Uint8Array)) throw new TypeError(`a ${type} without wkb`);
  const points = wkbPoints(Buffer.from(wkb)).map(([x, y]) => `(${number(x)},${number(y)})`);
  switch (type) {
    case 'box':
      return `${points[0]},${points[2]}`;
    case 'polygon':
      return `(${points.slice(0, -1).join(',')})`;
    case 'path': {
      const closed = isStruct(extensions) && extensions.closed === 'true';
      return closed ? `(${points.join(',')})` : `[${points.join(',')}]`;
    }
    default:
      return `[${points.join(',')}]`;
  }
}

/** Of a line string (2), or of the one ring of a polygon (3); little-endian. */
function wkbPoints(wkb: Buffer): [number, number][] {
  const start = wkb.readUInt32LE(1) === 3 ? 9 : 5;
  const count = wkb.readUInt32LE(start);
  return Array.from({ length: count }, (_, index) => {
    const at = start + 4 + 16 * index;
    return [wkb.readDoubleLE(at), wkb.readDoubleLE(at + 8)];
  });
}

function number(value: ColumnValue | undefined): string {
  return postgresText(value, 'double precision') ?? 'NULL';
}

function isStruct(value: ColumnValue | undefined): value is Struct {
  return (
    typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array)
  );
}
