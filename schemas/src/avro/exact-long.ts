import avro, { type Type } from 'avsc';

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;
/** Bytes of a varint, seven bits each, whose value a double holds exactly. */
const EXACT_BYTES = 7;
const LOW_GROUPS = (1n << 49n) - 1n;
/** Integers whose double is still exact. */
const EXACT_MAGNITUDE = 2n ** 52n - 1n;

/** Avro long as bigint: avsc's own type throws above 2^53, where Debezium's `source.ts_ns` lives. */
export const exactLong: Type = avro.types.LongType.__with(
  {
    fromBuffer: readZigzag,
    toBuffer: writeZigzag,
    // Only defaults in contracts come this way.
    fromJSON: (value: number | string) => BigInt(value),
    toJSON: (value: bigint) => Number(value),
    isValid: (value: unknown) =>
      typeof value === 'bigint' && value >= MIN_LONG && value <= MAX_LONG,
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  },
  // The varint as it is: unpacking it to eight bytes first costs more than all of this.
  true,
);

function readZigzag(varint: Uint8Array): bigint {
  if (varint.length <= EXACT_BYTES) {
    const magnitude = sevenBitGroups(varint, 0, varint.length);
    return BigInt(magnitude % 2 === 0 ? magnitude / 2 : -(magnitude + 1) / 2);
  }
  const low = sevenBitGroups(varint, 0, EXACT_BYTES);
  const high = sevenBitGroups(varint, EXACT_BYTES, varint.length);
  const magnitude = (BigInt(high) << 49n) | BigInt(low);
  return (magnitude >> 1n) ^ -(magnitude & 1n);
}

function sevenBitGroups(varint: Uint8Array, start: number, end: number): number {
  let value = 0;
  let weight = 1;
  for (let index = start; index < end; index += 1) {
    value += ((varint[index] ?? 0) & 0x7f) * weight;
    weight *= 128;
  }
  return value;
}

function writeZigzag(value: bigint): Buffer {
  const bytes: number[] = [];
  if (value >= -EXACT_MAGNITUDE && value <= EXACT_MAGNITUDE) {
    const number = Number(value);
    pushGroups(bytes, number < 0 ? -2 * number - 1 : 2 * number);
  } else {
    const magnitude = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    let low = Number(magnitude & LOW_GROUPS);
    for (let index = 0; index < EXACT_BYTES; index += 1) {
      bytes.push((low % 128) | 0x80);
      low = Math.floor(low / 128);
    }
    pushGroups(bytes, Number(magnitude >> 49n));
  }
  return Buffer.from(bytes);
}

/** Seven bits a byte, the lowest first; every byte but the last has its top bit set. */
function pushGroups(bytes: number[], magnitude: number): void {
  let rest = magnitude;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
