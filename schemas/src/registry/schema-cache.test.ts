import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CodecError } from '../errors.ts';
import { createMemoryRegistry } from '../testing/memory-registry.ts';
import { createSchemaCache } from './schema-cache.ts';

function given() {
  const registry = createMemoryRegistry();
  const clock = { nowMs: 0 };
  const schemas = createSchemaCache({ registry, missTtlMs: 5_000, nowMs: () => clock.nowMs });
  const codeOf = async (id: number) => {
    try {
      await schemas.find(id);
      return 'found';
    } catch (error) {
      if (error instanceof CodecError) return error.code;
      throw error;
    }
  };
  return { registry, clock, schemas, codeOf };
}

test('a schema is asked for once, also by many at the same time', async () => {
  const { registry, schemas } = given();
  const id = registry.add('"int"');
  assert.is(schemas.cached(id), undefined);
  const found = await Promise.all(Array.from({ length: 50 }, () => schemas.find(id)));
  assert.is(new Set(found).size, 1);
  assert.is(schemas.cached(id), found[0]);
  assert.is(registry.asked.schemaById, 1);
});

test('an unknown id is asked for again only after a while', async () => {
  const { registry, clock, codeOf, schemas } = given();
  for (let round = 0; round < 10; round += 1) assert.is(await codeOf(1), 'UNKNOWN_SCHEMA_ID');
  assert.throws(() => schemas.cached(1), /has no schema 1/);
  assert.is(registry.asked.schemaById, 1);
  registry.add('"int"');
  clock.nowMs = 4_999;
  assert.is(await codeOf(1), 'UNKNOWN_SCHEMA_ID');
  clock.nowMs = 5_000;
  assert.is(await codeOf(1), 'found');
  assert.is(registry.asked.schemaById, 2);
});

test('a registry that is down is not taken for an unknown id', async () => {
  const { registry, codeOf } = given();
  const id = registry.add('"int"');
  registry.failWith(new CodecError('down', { code: 'REGISTRY_UNAVAILABLE', retriable: true }));
  assert.is(await codeOf(id), 'REGISTRY_UNAVAILABLE');
  registry.failWith(undefined);
  assert.is(await codeOf(id), 'found');
});

test('a schema that was refused stays refused without being compiled again', async () => {
  const { registry, codeOf } = given();
  const id = registry.add({ type: 'array', items: 'null' });
  for (let round = 0; round < 3; round += 1) assert.is(await codeOf(id), 'HOSTILE_SCHEMA');
  assert.is(registry.asked.schemaById, 1);
});

test('a flood of unknown ids stays bounded and does not push out what is known', async () => {
  const { registry, codeOf, schemas } = given();
  const known = registry.add('"int"');
  await schemas.find(known);
  for (let id = 1_000; id < 13_000; id += 1) await codeOf(id);
  assert.ok(schemas.cached(known));
});

test.run();
