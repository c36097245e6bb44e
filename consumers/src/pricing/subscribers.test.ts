import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Amount, PriceChange } from './prices.ts';
import { type SubscriberFilter, wants } from './subscribers.ts';

const euros = (amount: string): Amount => ({ amount, currency: 'EUR' });
const change: PriceChange = {
  productId: 'P-1',
  category: 'Lamps',
  brand: null,
  old: euros('20.00'),
  new: euros('19.00'),
  discountId: null,
  cause: { kind: 'change', id: 'c', occurredAtMs: 0, snapshot: false, epoch: 1n },
  suppressed: false,
};
const all: SubscriberFilter = {
  category: null,
  brand: null,
  productIds: null,
  minRelativeChange: '0',
};

test('all that is given must hold', () => {
  const answers: [Partial<SubscriberFilter>, boolean][] = [
    [{}, true],
    [{ category: 'Lamps' }, true],
    [{ category: 'lamps' }, false],
    [{ category: 'Lamps', brand: 'Norrland' }, false],
    [{ productIds: ['P-2', 'P-1'] }, true],
    [{ productIds: [] }, false],
    [{ minRelativeChange: '0.05' }, true],
    [{ minRelativeChange: '0.0501' }, false],
  ];
  for (const [filter, wanted] of answers) {
    assert.is(wants({ ...all, ...filter }, change), wanted, JSON.stringify(filter));
  }
});

test('what cannot be compared counts as large: no price before or after, zero, another currency', () => {
  const picky = { ...all, minRelativeChange: '1000' };
  assert.ok(wants(picky, { ...change, old: null }));
  assert.ok(wants(picky, { ...change, new: null }));
  assert.ok(wants(picky, { ...change, old: euros('0.00') }));
  assert.ok(wants(picky, { ...change, new: { amount: '19.00', currency: 'USD' } }));
});

test.run();
