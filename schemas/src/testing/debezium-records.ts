import avro from 'avsc';

/** The parts of a schema, as Apicurio's converter writes what Debezium 3.7 sends. */
const connect = (type: string, name: string, more: object = {}) => ({
  type,
  'connect.version': 1,
  'connect.name': name,
  ...more,
});
const nullable = (type: unknown) => ({ type: ['null', type], default: null });

const VARIABLE_SCALE_DECIMAL = {
  type: 'record',
  name: 'VariableScaleDecimal',
  namespace: 'io.debezium.data',
  fields: [
    { name: 'scale', type: 'int' },
    { name: 'value', type: 'bytes' },
  ],
  'connect.doc': 'Variable scaled decimal',
  'connect.version': 1,
  'connect.name': 'io.debezium.data.VariableScaleDecimal',
};

const decimal = (precision: number, scale: number) => ({
  type: 'bytes',
  scale,
  precision,
  'connect.version': 1,
  'connect.parameters': { scale: String(scale), 'connect.decimal.precision': String(precision) },
  'connect.name': 'org.apache.kafka.connect.data.Decimal',
  logicalType: 'decimal',
});

const ROW = {
  type: 'record',
  name: 'Value',
  fields: [
    { name: 'product_id', type: 'string' },
    { name: 'name', ...nullable('string') },
    { name: 'price', ...nullable(decimal(12, 2)) },
    { name: 'ratio', ...nullable(decimal(38, 10)) },
    {
      name: 'currency',
      type: [{ type: 'string', 'connect.default': 'EUR' }, 'null'],
      default: 'EUR',
    },
    { name: 'stock_quantity', ...nullable('int') },
    { name: 'views', ...nullable('long') },
    { name: 'any_number', ...nullable(VARIABLE_SCALE_DECIMAL) },
    { name: 'other_number', ...nullable('io.debezium.data.VariableScaleDecimal') },
    { name: 'attributes', ...nullable(connect('string', 'io.debezium.data.Json')) },
    {
      name: 'updated_at',
      type: [
        connect('string', 'io.debezium.time.ZonedTimestamp', {
          'connect.default': '1970-01-01T00:00:00Z',
        }),
        'null',
      ],
      default: '1970-01-01T00:00:00Z',
    },
    { name: 'made_at', ...nullable(connect('long', 'io.debezium.time.MicroTimestamp')) },
    { name: 'made_on', ...nullable(connect('int', 'io.debezium.time.Date')) },
    { name: 'opens_at', ...nullable(connect('long', 'io.debezium.time.MicroTime')) },
    {
      name: 'flags',
      ...nullable(
        connect('bytes', 'io.debezium.data.Bits', { 'connect.parameters': { length: '12' } }),
      ),
    },
    { name: 'tags', ...nullable({ type: 'array', items: ['null', 'string'] }) },
    { name: 'picture', ...nullable('bytes') },
    { name: 'active', ...nullable('boolean') },
    { name: 'score', ...nullable('double') },
  ],
  'connect.name': 'pis.public.products.Value',
};

/** Envelope of a table with a column of most types. */
export const ENVELOPE_SCHEMA = {
  type: 'record',
  name: 'Envelope',
  namespace: 'pis.public.products',
  fields: [
    { name: 'before', type: ['null', ROW], default: null },
    { name: 'after', type: ['null', 'Value'], default: null },
    {
      name: 'source',
      type: {
        type: 'record',
        name: 'Source',
        namespace: 'io.debezium.connector.postgresql',
        fields: [
          { name: 'version', type: 'string' },
          { name: 'connector', type: 'string' },
          { name: 'name', type: 'string' },
          { name: 'ts_ms', type: 'long' },
          {
            name: 'snapshot',
            type: [
              connect('string', 'io.debezium.data.Enum', { 'connect.default': 'false' }),
              'null',
            ],
            default: 'false',
          },
          { name: 'db', type: 'string' },
          { name: 'sequence', ...nullable('string') },
          { name: 'ts_us', ...nullable('long') },
          { name: 'ts_ns', ...nullable('long') },
          { name: 'schema', type: 'string' },
          { name: 'table', type: 'string' },
          { name: 'txId', ...nullable('long') },
          { name: 'lsn', ...nullable('long') },
          { name: 'xmin', ...nullable('long') },
        ],
      },
    },
    { name: 'op', type: 'string' },
    { name: 'ts_ms', ...nullable('long') },
    { name: 'ts_us', ...nullable('long') },
    { name: 'ts_ns', ...nullable('long') },
  ],
  'connect.version': 2,
  'connect.name': 'pis.public.products.Envelope',
};

/** A writer of its own, so that the codec's reading is not checked against the codec's writing. */
const plainLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: () => 0,
});

/** Avro bytes of a value, by its schema's plain types (bytes for decimals, bigint for longs). */
export function plainAvro(schema: object, value: unknown): Buffer {
  const text = JSON.stringify(schema);
  const type = avro.Type.forSchema(JSON.parse(text), {
    typeHook: (part) =>
      part === 'long' || (typeof part === 'object' && 'type' in part && part.type === 'long')
        ? plainLong
        : undefined,
  });
  return type.toBuffer(value);
}

/** A record of the Confluent wire format. */
export function framed(schemaId: number, avroBytes: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(schemaId, 1);
  return Buffer.concat([header, avroBytes]);
}

const PLAIN_ROW = {
  product_id: 'p-1',
  name: 'Kettle, größer 😀',
  price: Buffer.from('07c6', 'hex'),
  ratio: Buffer.from('ff7f', 'hex'),
  currency: 'EUR',
  stock_quantity: -3,
  views: 9_007_199_254_740_993n,
  any_number: { scale: 3, value: Buffer.from([0xff]) },
  other_number: { scale: -2, value: Buffer.from([12]) },
  attributes: '{"a": 1.10}',
  updated_at: '2026-01-01T00:00:00.123456Z',
  made_at: 1_700_000_000_123_456n,
  made_on: 19_675,
  opens_at: 45_296_000_001n,
  flags: Buffer.from([0b0000_0101, 0b0000_1000]),
  tags: ['a', null],
  picture: Buffer.from([0, 255]),
  active: true,
  score: 0.1,
};

/** What is written, and the row that has to come out. */
export const PLAIN_ENVELOPE = {
  before: null,
  after: PLAIN_ROW,
  source: {
    version: '3.7.0.Final',
    connector: 'postgresql',
    name: 'pis',
    ts_ms: 1_700_000_000_123n,
    snapshot: 'false',
    db: 'products',
    sequence: '["100","200"]',
    ts_us: 1_700_000_000_123_456n,
    ts_ns: 1_700_000_000_123_456_789n,
    schema: 'public',
    table: 'products',
    txId: 77n,
    lsn: 200n,
    xmin: null,
  },
  op: 'c',
  ts_ms: 1_700_000_000_125n,
  ts_us: 1_700_000_000_125_000n,
  ts_ns: 1_700_000_000_125_000_000n,
};

export const EXACT_ROW = {
  ...PLAIN_ROW,
  price: '19.90',
  ratio: '-0.0000000129',
  any_number: '-0.001',
  other_number: '1200',
  made_at: '2023-11-14T22:13:20.123456',
  made_on: '2023-11-14',
  opens_at: '12:34:56.000001',
  flags: '100000000101',
};
