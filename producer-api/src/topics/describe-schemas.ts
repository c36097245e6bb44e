import type {
  SchemaRegistryTransport,
  SubjectCatalog,
} from '@shelfcast/schemas/registry/transport';
import { valueSubject } from '@shelfcast/schemas/topics';
import { exampleText } from '../contract/example.ts';
import { parseShape } from '../contract/parse-shape.ts';

export interface DescribedVersion {
  readonly version: number;
  readonly schemaId: number;
  readonly schema: unknown;
}

export interface DescribedSchemas {
  readonly topic: string;
  readonly compatibility: string | null;
  /** Name of the field that is the Kafka key; null: there is none. */
  readonly key: string | null;
  /** Newest first. */
  readonly versions: readonly DescribedVersion[];
  /** An event that the newest one takes. */
  readonly example: unknown;
}

const MAX_VERSIONS = 20;

/** The newest schemas of a topic's values, or undefined when it has none. */
export async function describeSchemas(
  registry: Pick<SchemaRegistryTransport, 'compatibility'> & SubjectCatalog,
  topic: string,
): Promise<DescribedSchemas | undefined> {
  const subject = valueSubject(topic);
  const latest = await registry.latest(subject);
  if (latest === undefined) return undefined;
  const older = Array.from(
    { length: Math.min(latest.version, MAX_VERSIONS) - 1 },
    (_, index) => latest.version - 1 - index,
  );
  const found = await Promise.all(older.map((version) => registry.version(subject, version)));
  const shape = parseShape(latest.schemaText);
  return {
    topic,
    compatibility: (await registry.compatibility(subject)) ?? null,
    key: shape.key ?? null,
    versions: [latest, ...found].flatMap((version) =>
      version === undefined
        ? []
        : [
            {
              version: version.version,
              schemaId: version.schemaId,
              schema: JSON.parse(version.schemaText),
            },
          ],
    ),
    example: JSON.parse(exampleText(shape)),
  };
}
