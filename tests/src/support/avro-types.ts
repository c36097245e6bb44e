import { z } from 'zod';
import { registryJson } from './registry-json.ts';

/** The Avro types of a topic's columns, by name, in the words of docs/types.md; those of its first schema. */
export async function avroTypes(topic: string): Promise<Map<string, string>> {
  const answer = await registryJson(`/subjects/${topic}-value/versions/1`);
  const { schema } = z.object({ schema: z.string() }).parse(answer);
  const envelope = record.parse(JSON.parse(schema));
  const before = envelope.fields.find(({ name }) => name === 'before');
  const row = record.parse(withoutNull(before?.type));
  return new Map(row.fields.map(({ name, type }) => [name, describe(type)]));
}

const record = z.object({ fields: z.array(z.object({ name: z.string(), type: z.unknown() })) });
const described = z.object({
  type: z.unknown(),
  name: z.string().optional(),
  items: z.unknown().optional(),
  logicalType: z.string().optional(),
  'connect.name': z.string().optional(),
});

function withoutNull(type: unknown): unknown {
  return Array.isArray(type) ? type.find((branch) => branch !== 'null') : type;
}

function describe(type: unknown): string {
  const plain = withoutNull(type);
  // A record that was described before is referred to by its name.
  if (typeof plain === 'string') return plain.includes('.') ? `record ${lastPart(plain)}` : plain;
  const { type: base, name, items, logicalType, 'connect.name': meaning } = described.parse(plain);
  if (base === 'record') return `record ${name}`;
  if (base === 'array') return `array of ${describe(items)}`;
  if (logicalType !== undefined) return `${base} (${logicalType})`;
  const known = meaning !== undefined && !meaning.startsWith('shelfcast.');
  return known ? `${base} (${lastPart(meaning)})` : String(base);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
