import { randomBytes } from 'node:crypto';
import { createCodec } from '@shelfcast/schemas/codec';
import { CONTRACTS, PRODUCT_UPDATE } from '@shelfcast/schemas/contracts';
import { CodecError } from '@shelfcast/schemas/errors';
import { registerContracts } from '@shelfcast/schemas/registration';
import { createRegistryClient } from '@shelfcast/schemas/registry/client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';

const registryUrl = fromEnvironment('SCHEMA_REGISTRY_URL');

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'accepted';
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
}

test('the contracts are registered, and a second time nothing changes', async () => {
  const first = await registerContracts({ registryUrl });
  assert.is(first.length, CONTRACTS.length);
  assert.equal(await registerContracts({ registryUrl }), first);
});

test('one process writes what another one reads', async () => {
  const writer = createCodec({ registryUrl });
  const reader = createCodec({ registryUrl });
  const product = {
    product_id: 'p-1',
    name: 'Kettle',
    price: '19.90',
    category: 'Kitchen',
    brand: 'Boil',
    stock_quantity: 3,
    weight: '1.250',
    dimensions: '10x10x20',
  };
  const bytes = (await writer.encoder(PRODUCT_UPDATE))(product);
  assert.equal({ ...(await reader.decode(bytes, PRODUCT_UPDATE)).value }, product);
  writer.close();
  reader.close();
});

test('an id that was never given is unknown', async () => {
  const codec = createCodec({ registryUrl });
  assert.is(await codeOf(codec.decode(Buffer.from([0, 0x7f, 0, 0, 0, 0]))), 'UNKNOWN_SCHEMA_ID');
  codec.close();
});

test('a change that would break readers is refused', async () => {
  const registry = createRegistryClient({ registryUrl });
  const subject = `test-${randomBytes(4).toString('hex')}-value`;
  const withFields = (fields: readonly object[]) =>
    JSON.stringify({ type: 'record', name: 'T', fields });
  assert.is(await registry.compatibility(subject), undefined);
  const first = await registry.register(subject, withFields([{ name: 'a', type: 'int' }]));
  await registry.setCompatibility(subject, 'FULL');
  assert.is(await registry.compatibility(subject), 'FULL');

  const breaking = registry.register(subject, withFields([{ name: 'b', type: 'int' }]));
  assert.is(await codeOf(breaking), 'REGISTRATION_REFUSED');

  const compatible = withFields([
    { name: 'a', type: 'int' },
    { name: 'b', type: 'int', default: 0 },
  ]);
  const second = await registry.register(subject, compatible);
  assert.not(second === first);
  assert.is(await registry.idOf(subject, compatible), second);
  assert.is(await registry.idOf(subject, '"string"'), undefined);
  registry.close();
});

test.run();
