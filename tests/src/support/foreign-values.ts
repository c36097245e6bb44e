import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { z } from 'zod';
import { fromEnvironment } from './environment.ts';
import { pythonWith, run } from './python.ts';

const PACKAGES = ['confluent-kafka[avro]==2.12.2'];
const SCRIPT = fileURLToPath(new URL('../../src/support/decode_topics.py', import.meta.url));

const line = z.object({ topic: z.string(), key: z.unknown(), value: z.unknown() });
export type ForeignRecord = z.output<typeof line>;

/** All that topics hold, as Confluent's Python client decodes it. */
export async function readByForeignClient(
  admin: Pick<KafkaAdmin, 'watermarks'>,
  topics: readonly string[],
): Promise<ForeignRecord[]> {
  const python = await pythonWith(join(fromEnvironment('TEST_STATE_DIR'), 'python'), PACKAGES);
  const places: string[] = [];
  for (const topic of topics) {
    for (const [partition, { low }] of await admin.watermarks(topic)) {
      places.push(`${topic}/${partition}@${low}`);
    }
  }
  const output = await run(python, [
    SCRIPT,
    fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'),
    fromEnvironment('SCHEMA_REGISTRY_URL'),
    ...places,
  ]);
  const lines = output.split('\n').filter((text) => text !== '');
  return lines.map((text) => line.parse(JSON.parse(text)));
}

const envelope = z.object({
  op: z.string(),
  after: z.record(z.string(), z.unknown()).nullable(),
});
export type ForeignRow = Readonly<Record<string, unknown>>;

/** The rows that a topic's records leave, each key's newest. */
export function newestRows(records: readonly ForeignRecord[], topic: string): ForeignRow[] {
  const rows = new Map<string, ForeignRow>();
  for (const { key, value } of records.filter((one) => one.topic === topic)) {
    const { op, after } = envelope.parse(value);
    if (op === 'd' || after === null) rows.delete(JSON.stringify(key));
    else rows.set(JSON.stringify(key), after);
  }
  return [...rows.values()];
}

const wrapped = z.union([
  z.object({ decimal: z.string() }).transform(({ decimal }) => decimal),
  z
    .object({ base64: z.string() })
    .transform(({ base64 }) => `\\x${Buffer.from(base64, 'base64').toString('hex')}`),
  z
    .object({ scale: z.number(), value: z.object({ base64: z.string() }) })
    .transform(({ scale, value }) => withScale(Buffer.from(value.base64, 'base64'), scale)),
]);

/** A value as it came, as text that Postgres reads. */
export function textOfForeign(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    const items = value.map((item) => textOfForeign(item, type.replace(/\[\]$/, '')));
    return `{${items.map((item) => (item === null ? 'NULL' : JSON.stringify(item))).join(',')}}`;
  }
  if (typeof value === 'number') return textOfNumber(value, type);
  return typeof value === 'object' ? wrapped.parse(value) : String(value);
}

const MICROS_PER_DAY = 86_400_000_000n;

function textOfNumber(value: number, type: string): string {
  if (type === 'date') return new Date(value * 86_400_000).toISOString().slice(0, 10);
  if (!/^time(stamp)? /.test(type)) return String(value);
  const micros = BigInt(value);
  const iso = new Date(Number(micros / 1000n)).toISOString();
  const fraction = String(((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % 1_000_000n).padStart(
    6,
    '0',
  );
  const clock = `${iso.slice(11, 19)}.${fraction}`;
  return type.startsWith('timestamp') ? `${iso.slice(0, 10)} ${clock}` : clock;
}

/** Big-endian two's complement with a decimal point. */
function withScale(bytes: Buffer, scale: number): string {
  const digits = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const point = text.length - scale;
  return `${digits < 0n ? '-' : ''}${text.slice(0, point)}${scale > 0 ? '.' : ''}${text.slice(point)}`;
}
