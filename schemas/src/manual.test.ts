import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChangeError } from './errors.ts';
import { changeFromManualEvent, type ManualRecord, manualEntities } from './manual.ts';

const DISCOUNT = {
  product_id: 'p-1',
  discount_type: 'summer',
  discount_percentage: '12.50',
  start_date: 1_767_225_600_123_456n,
  end_date: null,
  minimum_quantity: 1,
  maximum_discount: null,
  discount_id: null,
};

const record = (overrides: Partial<ManualRecord> = {}): ManualRecord => ({
  instance: 'local',
  topic: 'product_discounts',
  partition: 0,
  offset: 7n,
  timestampMs: 1_767_000_000_000,
  value: DISCOUNT,
  headers: { ce_id: Buffer.from('0191-id'), ce_time: '2025-12-29T09:20:00.000001Z' },
  ...overrides,
});

test('an event has the entity, key, columns and texts that the table’s own rows have', () => {
  const change = changeFromManualEvent(record());
  assert.equal(change, {
    id: '0191-id',
    origin: 'manual',
    instance: 'local',
    entity: 'product_discounts',
    key: 'p-1:summer',
    op: 'update',
    before: null,
    after: {
      product_id: 'p-1',
      discount_type: 'summer',
      discount_percentage: '12.50',
      start_date: '2026-01-01T00:00:00.123456Z',
      end_date: null,
      minimum_quantity: 1,
      maximum_discount: null,
      discount_id: 'p-1:summer',
    },
    occurredAtUs: 1_767_000_000_000_001n,
    position: 'm-0000019b69684600-0000000000000007',
    epoch: 0n,
    source: null,
    debeziumAtUs: null,
    brokerAtMs: 1_767_000_000_000,
    record: { topic: 'product_discounts', partition: 0, offset: 7n },
  });
});

test('weight is the column weight_kg, a country is of countries', () => {
  const product = changeFromManualEvent(
    record({ topic: 'product_updates', value: { product_id: 'p', weight: '1.500' } }),
  );
  assert.is(product?.entity, 'products');
  assert.equal(product?.after, { product_id: 'p', weight_kg: '1.500' });
  const country = changeFromManualEvent(record({ topic: 'country', value: { country_id: 'DE' } }));
  assert.equal([country?.entity, country?.key], ['countries', 'DE']);
});

test('a discount’s own id is its key', () => {
  const change = changeFromManualEvent(record({ value: { ...DISCOUNT, discount_id: 'd-9' } }));
  assert.equal([change?.key, change?.after?.discount_id], ['d-9', 'd-9']);
});

test('a null value has no effect', () => {
  assert.is(changeFromManualEvent(record({ value: null })), null);
});

test('without a usable ce_time the broker’s time counts', () => {
  for (const headers of [{ ce_id: 'x' }, { ce_id: 'x', ce_time: 'yesterday' }]) {
    assert.is(changeFromManualEvent(record({ headers }))?.occurredAtUs, 1_767_000_000_000_000n);
  }
});

test('what is no manual event is refused', () => {
  const refused = [
    record({ headers: {} }),
    record({ headers: { ce_id: ' ' } }),
    record({ topic: 'monitoring' }),
    record({ value: 'text' }),
    record({ value: { product_id: '' } }),
    record({ value: { product_id: 'p', discount_type: 7 } }),
  ];
  for (const event of refused) {
    assert.throws(
      () => changeFromManualEvent(event),
      (error: ChangeError) => error.code === 'NOT_A_MANUAL_EVENT',
    );
  }
});

test('what events can say of an entity, under the names of its rows', () => {
  const [products, , discounts] = manualEntities();
  assert.is(products?.entity, 'products');
  assert.ok(products?.columns.includes('weight_kg') && !products.columns.includes('product_id'));
  assert.is(discounts?.keyColumn, 'discount_id');
});

test.run();
