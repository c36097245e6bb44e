import { LRUCache } from 'lru-cache';
import { compileWriter, type Writer } from '../avro/compile.ts';
import { CodecError } from '../errors.ts';
import type { SchemaRegistryTransport } from './transport.ts';

export interface SchemaCacheOptions {
  readonly registry: SchemaRegistryTransport;
  /** How long an id the registry did not know is taken for unknown. */
  readonly missTtlMs: number;
  readonly nowMs: () => number;
}

/** Schemas by id, compiled once. Ids are never reused, so what was found stays right. */
export interface SchemaCache {
  /**
   * The schema if no waiting is needed, else undefined.
   * @throws {CodecError} UNKNOWN_SCHEMA_ID, BAD_SCHEMA, HOSTILE_SCHEMA, when that is known already
   */
  cached(id: number): Writer | undefined;
  /** @throws {CodecError} those of `cached`, and REGISTRY_UNAVAILABLE */
  find(id: number): Promise<Writer>;
  clear(): void;
}

const MAX_SCHEMAS = 2_000;
const MAX_MISSES = 10_000;

export function createSchemaCache({ registry, missTtlMs, nowMs }: SchemaCacheOptions): SchemaCache {
  const entries = new LRUCache<number, Writer | CodecError>({ max: MAX_SCHEMAS });
  const missedAtMs = new LRUCache<number, number>({ max: MAX_MISSES });
  const underway = new Map<number, Promise<Writer>>();

  function cached(id: number): Writer | undefined {
    const entry = entries.get(id);
    if (entry instanceof CodecError) throw entry;
    if (entry !== undefined) return entry;
    const missedMs = missedAtMs.get(id);
    if (missedMs !== undefined && nowMs() - missedMs < missTtlMs) throw unknownId(id);
    return undefined;
  }

  async function fetch(id: number): Promise<Writer> {
    const text = await registry.schemaById(id);
    if (text === undefined) {
      missedAtMs.set(id, nowMs());
      throw unknownId(id);
    }
    missedAtMs.delete(id);
    try {
      const writer = compileWriter(text);
      entries.set(id, writer);
      return writer;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      const refused = new CodecError(`Schema ${id}: ${error.message}`, {
        code: error.code,
        schemaId: id,
        cause: error,
      });
      entries.set(id, refused);
      throw refused;
    }
  }

  return {
    cached,
    async find(id) {
      const known = cached(id);
      if (known !== undefined) return known;
      const pending = underway.get(id);
      if (pending !== undefined) return pending;
      const request = fetch(id).finally(() => underway.delete(id));
      underway.set(id, request);
      return request;
    },
    clear() {
      entries.clear();
      missedAtMs.clear();
    },
  };
}

function unknownId(id: number): CodecError {
  return new CodecError(`The registry has no schema ${id}`, {
    code: 'UNKNOWN_SCHEMA_ID',
    schemaId: id,
  });
}
