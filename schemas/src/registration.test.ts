import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { registerContracts } from './registration.ts';
import { createMemoryRegistry } from './testing/memory-registry.ts';

test('every contract has a subject with full compatibility, and a second time nothing changes', async () => {
  const registry = createMemoryRegistry();
  const first = await registerContracts({ registry });
  assert.equal(
    first.map(({ subject }) => subject),
    [
      'monitoring-value',
      'stock_alerts-value',
      'product_updates-value',
      'country-value',
      'product_discounts-value',
    ],
  );
  assert.equal([...registry.levels.values()], ['FULL', 'FULL', 'FULL', 'FULL', 'FULL']);
  assert.equal(await registerContracts({ registry }), first);
});

test.run();
