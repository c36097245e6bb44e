import type { Compatibility, SchemaRegistryTransport } from '../registry/transport.ts';

/** A registry in memory that counts what it is asked; for tests without a real one. */
export interface MemoryRegistry extends SchemaRegistryTransport {
  readonly asked: { schemaById: number; idOf: number; register: number };
  /** Compatibility that was set, by subject. */
  readonly levels: Map<string, Compatibility>;
  /** Adds a schema under an id of its own. */
  add(schema: unknown): number;
  /** Makes every following question fail with this error, or none. */
  failWith(error: Error | undefined): void;
}

export function createMemoryRegistry(): MemoryRegistry {
  const schemas = new Map<number, string>();
  const ids = new Map<string, number>();
  const levels = new Map<string, Compatibility>();
  const asked = { schemaById: 0, idOf: 0, register: 0 };
  let failure: Error | undefined;

  function add(schemaText: string): number {
    const id = schemas.size + 1;
    schemas.set(id, schemaText);
    return id;
  }
  async function ask(what: keyof typeof asked): Promise<void> {
    asked[what] += 1;
    await Promise.resolve();
    if (failure !== undefined) throw failure;
  }

  return {
    asked,
    levels,
    add: (schema) => add(typeof schema === 'string' ? schema : JSON.stringify(schema)),
    failWith: (error) => {
      failure = error;
    },
    async schemaById(id) {
      await ask('schemaById');
      return schemas.get(id);
    },
    async idOf(subject, schemaText) {
      await ask('idOf');
      return ids.get(`${subject}\n${schemaText}`);
    },
    async register(subject, schemaText) {
      await ask('register');
      const key = `${subject}\n${schemaText}`;
      const id = ids.get(key) ?? add(schemaText);
      ids.set(key, id);
      return id;
    },
    compatibility: async (subject) => levels.get(subject),
    setCompatibility: async (subject, level) => {
      levels.set(subject, level);
    },
    close: () => {},
  };
}
