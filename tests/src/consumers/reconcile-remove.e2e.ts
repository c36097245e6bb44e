// Rows that the source does not have are removed as deletes, where their keys have not moved since.

import { capturedEntities } from '@shelfcast/consumers/contract/captured-entity';
import type { Consumer } from '@shelfcast/consumers/contract/definition';
import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import { inventory } from '@shelfcast/consumers/internals/inventory/consumer';
import {
  createRemover,
  type Removal,
} from '@shelfcast/consumers/internals/runtime/reconcile/remove';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import type { Harness } from '@shelfcast/consumers/testing/harness';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';

const test = suite('reconcile: remove');

async function removing(
  definition: Consumer,
  { pool, codec }: Harness,
): Promise<(id: bigint, keys: readonly { key: string; position: string }[]) => Promise<Removal>> {
  const encode = await codec.encoder(MONITORING_EVENT);
  const remove = createRemover({
    definition,
    entities: capturedEntities(definition, DEFAULT_TOPIC_PREFIX),
    codec,
    reporter: { service: definition.name, instance: 'test' },
    encodeReport: (event: MonitoringEvent) => encode(event),
    nowMs: () => 1_800_000_000_000.5,
  });
  return (id, keys) =>
    inTransaction(pool, (tx) =>
      remove(tx, { id, by: 'test' }, { entity: 'products', keys: [...keys] }),
    );
}

async function positionOf({ pool }: Harness, key: string): Promise<string> {
  const { rows } = await pool.query<{ position: string }>(
    'select position from runtime.guards where key = $1',
    [key],
  );
  return rows[0]?.position ?? '';
}

test('a key that has moved, waits or is its publisher’s is left; the others go, and come again', async () => {
  const harness = await openConsumerHarness(catalogue);
  const { pool } = harness;
  const names = async () =>
    (await pool.query('select product_id from catalogue.products order by 1')).rows.map(
      ({ product_id: id }) => id,
    );
  try {
    const remove = await removing(catalogue, harness);
    const rows = changesOf('public.products');
    const seen = rows.create('gone', { product_id: 'gone', name: 'Gone' });
    await harness.deliver([
      seen,
      ...['moved', 'parked'].map((key) => rows.create(key, { product_id: key, name: key })),
    ]);
    await harness.deliver([rows.event('owned', { product_id: 'owned', name: 'Owned' })]);
    await pool.query(`update runtime.guards set parked = true where key = 'parked'`);
    await pool.query(
      `insert into catalogue.products (product_id, name) values ('by hand', 'By hand')`,
    );
    const position = await positionOf(harness, 'gone');
    const asked = [
      { key: 'gone', position },
      { key: 'by hand', position: '' },
      { key: 'moved', position },
      { key: 'parked', position: await positionOf(harness, 'parked') },
      { key: 'owned', position: await positionOf(harness, 'owned') },
    ];
    const { done, refused } = await remove(1n, asked);
    assert.is(done, 2);
    assert.equal(
      refused.map(({ key, reason }) => [key, reason]),
      [
        ['moved', 'it has changed since it was looked at'],
        ['parked', 'it has changed since it was looked at'],
        ['owned', 'its publisher owns it'],
      ],
    );
    assert.equal(await names(), ['moved', 'owned', 'parked']);
    const late = rows.update('gone', { product_id: 'gone', name: 'Late' }, { version: 0 });
    assert.equal(await harness.deliver([late]), ['skipped']);
    await harness.deliver([
      rows.update('gone', { product_id: 'gone', name: 'Back' }),
      rows.create('by hand', { product_id: 'by hand', name: 'Back' }),
    ]);
    assert.equal(await names(), ['by hand', 'gone', 'moved', 'owned', 'parked']);
  } finally {
    await harness.close();
  }
});

test('a row that was added again by hand is removed again, as another entry of the ledger', async () => {
  const harness = await openConsumerHarness(inventory);
  const { pool } = harness;
  try {
    const remove = await removing(inventory, harness);
    const rows = changesOf('public.products');
    await harness.deliver([rows.create('P', { stock_quantity: 5 })]);
    await harness.deliver([rows.delete('P')]);
    const position = await positionOf(harness, 'P');
    for (const id of [1n, 2n]) {
      await pool.query(
        `insert into inventory.stock (product_id, stock_quantity, state, changed_at) values ('P', 7, 'ok', now())`,
      );
      assert.is((await remove(id, [{ key: 'P', position }])).done, 1);
    }
    const { rows: left } = await pool.query('select from inventory.stock');
    assert.is(left.length, 0);
  } finally {
    await harness.close();
  }
});

test.run();
