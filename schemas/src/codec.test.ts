import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Codec, createCodec } from './codec.ts';
import type { Contract } from './contract.ts';
import { CONTRACTS, MONITORING_EVENT, PRODUCT_DISCOUNT, PRODUCT_UPDATE } from './contracts.ts';
import { rowFromStruct } from './debezium-row.ts';
import { CodecError, type CodecErrorCode } from './errors.ts';
import type { MonitoringEvent } from './generated/monitoring-event.ts';
import type { ProductUpdate } from './generated/product_updates.ts';
import {
  ENVELOPE_SCHEMA,
  EXACT_ROW,
  framed,
  PLAIN_ENVELOPE,
  plainAvro,
} from './testing/debezium-records.ts';
import { createMemoryRegistry, type MemoryRegistry } from './testing/memory-registry.ts';

function given(): { codec: Codec; registry: MemoryRegistry } {
  const registry = createMemoryRegistry();
  return { registry, codec: createCodec({ registry }) };
}

async function refusal(decoding: Promise<unknown>): Promise<CodecError> {
  try {
    await decoding;
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error('expected a CodecError');
}

const PRODUCT: ProductUpdate = {
  product_id: 'p-1',
  name: 'Kettle',
  price: '19.90',
  category: 'Kitchen',
  brand: 'Boil',
  stock_quantity: 3,
  weight: '1.250',
  dimensions: '10x10x20',
};

const HEADER_BYTES = 5;
const RECORD_V1 = {
  type: 'record',
  name: 'T',
  namespace: 'a',
  fields: [{ name: 'id', type: 'long' }],
};

const REPORT: MonitoringEvent = {
  id: 'r-1',
  eventId: 'e-1',
  stage: 'processed',
  service: 'catalogue',
  instance: 'local',
  topic: 'pis.public.products',
  partition: 1,
  offset: 9_007_199_254_740_993n,
  key: 'p-1',
  occurredAt: 1_700_000_000_123_456n,
  at: 1_700_000_000_133_456n,
  durationUs: 10_000n,
  attempt: 1,
  error: null,
  traceId: null,
  details: null,
};

test('every type of a Debezium envelope arrives exact', async () => {
  const { codec, registry } = given();
  const schemaId = registry.add(ENVELOPE_SCHEMA);
  const bytes = framed(schemaId, plainAvro(ENVELOPE_SCHEMA, PLAIN_ENVELOPE));

  const decoded = await codec.decode(bytes);

  assert.is(decoded.schemaId, schemaId);
  const { after, source, ...rest } = Object.assign({ after: null, source: null }, decoded.value);
  assert.equal(rowFromStruct(after), EXACT_ROW);
  assert.equal(rowFromStruct(source), PLAIN_ENVELOPE.source);
  assert.equal(rowFromStruct(rest), {
    before: null,
    op: 'c',
    ts_ms: PLAIN_ENVELOPE.ts_ms,
    ts_us: PLAIN_ENVELOPE.ts_us,
    ts_ns: PLAIN_ENVELOPE.ts_ns,
  });
});

test('longs at the ends of 64 bits, and around 2^53, are exact', async () => {
  const { codec, registry } = given();
  const schemaId = registry.add('"long"');
  const schemaText = JSON.stringify({ ...RECORD_V1, fields: [{ name: 'n', type: 'long' }] });
  const encode = await codec.encoder<{ n: bigint }>({ topic: 't', schemaText });
  const values = [0n, -1n, 63n, 64n, -64n, -65n, 2n ** 48n, -(2n ** 48n), 2n ** 49n - 1n];
  for (const edge of [2n ** 53n, 2n ** 56n, 2n ** 62n])
    values.push(edge - 1n, edge, edge + 1n, -edge);
  values.push(2n ** 63n - 1n, -(2n ** 63n));
  for (const value of values) {
    const decoded = await codec.decode(framed(schemaId, plainAvro({ type: 'long' }, value)));
    assert.is(decoded.value, value);
    const written = encode({ n: value }).subarray(HEADER_BYTES);
    assert.is(written.toString('hex'), plainAvro({ type: 'long' }, value).toString('hex'));
  }
});

test('what a contract writes it reads again', async () => {
  const { codec } = given();
  const encode = await codec.encoder(MONITORING_EVENT);
  const { value } = await codec.decode(encode(REPORT), MONITORING_EVENT);
  assert.equal({ ...value }, REPORT);
  const encodeProduct = await codec.encoder(PRODUCT_UPDATE);
  const product = await codec.decode(encodeProduct(PRODUCT), PRODUCT_UPDATE);
  assert.equal({ ...product.value }, PRODUCT);
});

test('a contract’s schema is found or registered once, also by many at the same time', async () => {
  const { codec, registry } = given();
  const encoders = await Promise.all([1, 2, 3].map(() => codec.encoder(PRODUCT_UPDATE)));
  await codec.encoder(PRODUCT_UPDATE);
  assert.is(new Set(encoders).size, 1);
  assert.equal(registry.asked, { schemaById: 0, idOf: 1, register: 1 });
});

test('a failed registration is tried again by the next call', async () => {
  const { codec, registry } = given();
  const down = new CodecError('down', { code: 'REGISTRY_UNAVAILABLE', retriable: true });
  registry.failWith(down);
  assert.is((await refusal(codec.encoder(PRODUCT_UPDATE))).code, 'REGISTRY_UNAVAILABLE');
  registry.failWith(undefined);
  assert.type(await codec.encoder(PRODUCT_UPDATE), 'function');
});

test('values that break their contract are refused with the path of the fault', async () => {
  const { codec } = given();
  const encodeProduct: (value: object) => Buffer = await codec.encoder<object>(PRODUCT_UPDATE);
  const encodeReport: (value: object) => Buffer = await codec.encoder<object>(MONITORING_EVENT);
  const faults: [(value: object) => Buffer, object, string[]][] = [
    [encodeProduct, { ...PRODUCT, price: '19.901' }, ['price']],
    [encodeProduct, { ...PRODUCT, price: '99999999999' }, ['price']],
    [encodeProduct, { ...PRODUCT, price: 'NaN' }, ['price']],
    [encodeProduct, { ...PRODUCT, price: 19.9 }, ['price']],
    [encodeProduct, { ...PRODUCT, stock_quantity: 1.5 }, ['stock_quantity']],
    [encodeProduct, { ...PRODUCT, stock_quantity: 2 ** 31 }, ['stock_quantity']],
    [encodeProduct, { ...PRODUCT, name: null }, ['name']],
    [encodeProduct, { ...PRODUCT, colour: 'red' }, []],
    [encodeReport, { ...REPORT, offset: 2n ** 63n }, ['offset']],
    [encodeReport, { ...REPORT, offset: 5 }, ['offset']],
    [encodeReport, { ...REPORT, stage: 'lost' }, ['stage']],
    [encodeReport, { ...REPORT, error: { type: 'X' } }, ['error', 'message']],
  ];
  for (const [encode, value, path] of faults) {
    try {
      encode(value);
      assert.unreachable(path.join('.'));
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      assert.is(error.code, 'INVALID_VALUE');
      assert.equal(error.path, path);
    }
  }
});

function contractOf(fields: readonly object[]): Contract<Record<string, unknown>> {
  return { topic: 't', schemaText: JSON.stringify({ ...RECORD_V1, namespace: 'b', fields }) };
}

test('an older record gets the defaults of the reader, a newer one loses what the reader does not know', async () => {
  const { codec, registry } = given();
  const schemaId = registry.add(RECORD_V1);
  const bytes = framed(schemaId, plainAvro(RECORD_V1, { id: 2n ** 60n }));
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 };
  const reader = contractOf([
    { name: 'id', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'count', type: 'long', default: 7 },
    { name: 'price', type: ['null', decimal], default: null },
  ]);
  const older = await codec.decode(bytes, reader);
  assert.equal({ ...older.value }, { id: 2n ** 60n, count: 7n, price: null });

  const newerSchema = {
    ...RECORD_V1,
    fields: [
      { name: 'extra', type: { type: 'array', items: 'string' } },
      { name: 'price', type: decimal },
      { name: 'id', type: 'int' },
    ],
  };
  const newerId = registry.add(newerSchema);
  const plain = plainAvro(newerSchema, { extra: ['x'], price: Buffer.from('07c6', 'hex'), id: 5 });
  const newer = await codec.decode(framed(newerId, plain), reader);
  assert.equal({ ...newer.value }, { id: 5n, count: 7n, price: '19.90' });
});

test('a stage the reader does not know yet reads as unknown', async () => {
  const { codec, registry } = given();
  const newer = JSON.parse(
    MONITORING_EVENT.schemaText.replace('"forwarded"', '"forwarded","beamed"'),
  );
  const schemaId = registry.add(newer);
  const bytes = framed(schemaId, plainAvro(newer, { ...REPORT, stage: 'beamed', error: null }));
  assert.is((await codec.decode(bytes, MONITORING_EVENT)).value.stage, 'unknown');
});

test('what cannot be read as the contract is INCOMPATIBLE_SCHEMA, every time', async () => {
  const { codec, registry } = given();
  const schemaId = registry.add(RECORD_V1);
  const bytes = framed(schemaId, plainAvro(RECORD_V1, { id: 1n }));
  for (const reader of [
    contractOf([{ name: 'other', type: 'string' }]),
    contractOf([{ name: 'id', type: 'string' }]),
  ]) {
    for (const _ of [1, 2]) {
      const error = await refusal(codec.decode(bytes, reader));
      assert.equal(
        [error.code, error.retriable, error.schemaId],
        ['INCOMPATIBLE_SCHEMA', false, schemaId],
      );
    }
  }
});

test('buffers that are no Confluent records are told apart', async () => {
  const { codec, registry } = given();
  const schemaId = registry.add('"string"');
  const cases: [Buffer, CodecErrorCode][] = [
    [Buffer.alloc(0), 'EMPTY'],
    [Buffer.from([0]), 'TOO_SHORT'],
    [Buffer.from([0, 0, 0, 0]), 'TOO_SHORT'],
    [Buffer.from('{"a":1}'), 'BAD_MAGIC'],
    [framed(9_999, Buffer.alloc(0)), 'UNKNOWN_SCHEMA_ID'],
    [framed(0xffffffff, Buffer.alloc(0)), 'UNKNOWN_SCHEMA_ID'],
    [framed(schemaId, Buffer.alloc(0)), 'MALFORMED'],
    [framed(schemaId, Buffer.from([4, 65])), 'MALFORMED'],
    [framed(schemaId, Buffer.from([2, 65, 66])), 'TRAILING_BYTES'],
    [framed(schemaId, Buffer.from([3])), 'MALFORMED'],
    [framed(schemaId, Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 255, 1])), 'MALFORMED'],
    [framed(schemaId, Buffer.from([254, 255, 255, 255, 255, 255, 255, 255, 255, 1])), 'MALFORMED'],
    [framed(schemaId, Buffer.alloc(20, 0x80)), 'MALFORMED'],
  ];
  for (const [buffer, code] of cases) {
    const error = await refusal(codec.decode(buffer));
    assert.equal([error.code, error.retriable], [code, false], buffer.toString('hex'));
  }
});

test('NaN has no exact form, and digits beyond any column are refused', async () => {
  const { codec, registry } = given();
  const schema = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 };
  const schemaId = registry.add(schema);
  const decode = (bytes: Buffer) =>
    codec.decode(framed(schemaId, plainAvro({ type: 'bytes' }, bytes)));
  assert.is((await refusal(decode(Buffer.alloc(0)))).code, 'NOT_A_NUMBER');
  assert.is((await refusal(decode(Buffer.alloc(65_537, 1)))).code, 'MALFORMED');
  assert.is((await decode(Buffer.from('07c6', 'hex'))).value, '19.90');
});

test('random truncations and bit flips give a value or a CodecError, and soon', async () => {
  const { codec, registry } = given();
  const schemaId = registry.add(ENVELOPE_SCHEMA);
  const valid = framed(schemaId, plainAvro(ENVELOPE_SCHEMA, PLAIN_ENVELOPE));
  await codec.decode(valid);
  const random = randomFrom(20_261_122);
  const tally = { value: 0, error: 0 };
  for (let round = 0; round < 20_000; round += 1) {
    const length = random(2) === 0 ? valid.length : 5 + random(valid.length - 5);
    const buffer = Buffer.from(valid.subarray(0, length));
    for (let flips = random(4); flips > 0 && length > 5; flips -= 1) {
      const at = 5 + random(length - 5);
      buffer[at] = (buffer[at] ?? 0) ^ (1 << random(8));
    }
    try {
      codec.decodeCached(buffer);
      tally.value += 1;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      tally.error += 1;
    }
  }
  assert.ok(tally.value > 1_000 && tally.error > 1_000, JSON.stringify(tally));
});

test('random bytes behind every contract give a value or a CodecError', async () => {
  const { codec, registry } = given();
  const random = randomFrom(7);
  for (const contract of CONTRACTS) {
    const schemaId = registry.add(contract.schemaText);
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = Buffer.from(Array.from({ length: random(60) }, () => random(256)));
      const outcome = await codec.decode(framed(schemaId, bytes), contract).catch((error) => error);
      assert.ok(!(outcome instanceof Error) || outcome instanceof CodecError, String(outcome));
    }
  }
});

test('a closed codec says so', async () => {
  const { codec } = given();
  codec.close();
  assert.is((await refusal(codec.decode(Buffer.alloc(6)))).code, 'CLOSED');
  assert.is((await refusal(codec.encoder(PRODUCT_DISCOUNT))).code, 'CLOSED');
});

/** Small reproducible generator (mulberry32): whole numbers below `limit`. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

test.run();
