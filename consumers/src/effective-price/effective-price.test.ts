import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Discount, effectivePrice, pricesWithin } from './effective-price.ts';

const noonMs = Date.parse('2026-06-15T12:00:00Z');
const discount = (fields: Partial<Discount>): Discount => ({
  discountId: 'D-1',
  percentage: '10.00',
  startDate: null,
  endDate: null,
  minimumQuantity: 1,
  maximumDiscount: null,
  ...fields,
});
const eur = (price: string) => ({ price, currency: 'EUR' });

test('without a discount the list price holds, in the minor unit of the currency', () => {
  assert.is(effectivePrice(eur('19.9'), [], noonMs).amount, '19.90');
  assert.is(effectivePrice({ price: '1980.00', currency: 'JPY' }, [], noonMs).amount, '1980');
  assert.is(effectivePrice({ price: '1.5', currency: 'KWD' }, [], noonMs).amount, '1.500');
  assert.is(effectivePrice({ price: '1.5', currency: null }, [], noonMs).amount, '1.50', 'euros');
});

test('an exact half is rounded up, where binary floating point would round down', () => {
  // 1.10 × 0.95 = 1.045 exactly
  assert.is(effectivePrice(eur('1.10'), [discount({ percentage: '5' })], noonMs).amount, '1.05');
});

test('the lowest result wins in any order', () => {
  const capped = discount({ discountId: 'capped', percentage: '50', maximumDiscount: '5.00' });
  const plain = discount({ discountId: 'plain', percentage: '20' });
  for (const discounts of [
    [capped, plain],
    [plain, capped],
  ]) {
    const result = effectivePrice(eur('100.00'), discounts, noonMs);
    assert.equal([result.amount, result.discountId], ['80.00', 'plain']);
  }
});

test('start is inclusive, end is exclusive, and both are announced as the next change', () => {
  const day = discount({
    startDate: '2026-06-15T12:00:00Z',
    endDate: '2026-06-15T13:00:00.000000Z',
  });
  const at = (ms: number) => effectivePrice(eur('10.00'), [day], ms);
  assert.equal(at(noonMs - 1), { amount: '10.00', discountId: null, nextChangeAtMs: noonMs });
  assert.equal(at(noonMs), {
    amount: '9.00',
    discountId: 'D-1',
    nextChangeAtMs: noonMs + 3_600_000,
  });
  assert.equal(at(noonMs + 3_600_000), { amount: '10.00', discountId: null, nextChangeAtMs: null });
});

test('the prices of a span of time', () => {
  const brief = discount({ startDate: '2026-06-15T12:00:00Z', endDate: '2026-06-15T12:00:02Z' });
  const within = (fromMs: number, toMs: number) =>
    pricesWithin(eur('10.00'), [brief], { fromMs: noonMs + fromMs, toMs: noonMs + toMs });
  assert.equal(within(-60_000, -1), ['10.00']);
  assert.equal(within(-60_000, 60_000), ['10.00', '9.00', '10.00']);
  assert.equal(within(1, 1_999), ['9.00']);
});

test('a discount for larger quantities does not touch the price of one piece', () => {
  const bulk = discount({ minimumQuantity: 10, endDate: '2027-01-01T00:00:00Z' });
  assert.equal(effectivePrice(eur('10.00'), [bulk], noonMs), {
    amount: '10.00',
    discountId: null,
    nextChangeAtMs: null,
  });
});

test('infinite dates and a full discount', () => {
  const always = discount({ percentage: '100', startDate: '-infinity', endDate: 'infinity' });
  assert.is(effectivePrice(eur('10.00'), [always], noonMs).amount, '0.00');
});

test('an amount beyond 2^53 stays exact', () => {
  const price = '99999999999999999999.99';
  assert.is(effectivePrice(eur(price), [], noonMs).amount, price);
});

test.run();
