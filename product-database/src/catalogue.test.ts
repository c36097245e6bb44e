import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildCatalogue } from './catalogue.ts';

const now = new Date('2026-03-01T10:00:00Z');
const catalogue = buildCatalogue(now);

test('the same moment gives the same catalogue', () => {
  assert.equal(buildCatalogue(now), catalogue);
});

test('a few hundred products with ids of their own', () => {
  const ids = new Set(catalogue.products.map(({ product_id }) => product_id));
  assert.is(ids.size, catalogue.products.length);
  assert.ok(ids.size >= 300, `${ids.size} products`);
});

test('prices are positive and have the decimals of their currency', () => {
  for (const { product_id, price, currency } of catalogue.products) {
    assert.ok(Number(price) > 0, product_id);
    assert.match(price, currency === 'JPY' ? /^\d+$/ : /^\d+\.\d{2}$/, product_id);
  }
  assert.ok(catalogue.products.some(({ currency }) => currency === 'JPY'));
});

test('discounts belong to products and are past, present and future in equal parts', () => {
  const ids = new Set(catalogue.products.map(({ product_id }) => product_id));
  const counts = { past: 0, present: 0, future: 0 };
  for (const discount of catalogue.discounts) {
    assert.ok(ids.has(discount.product_id));
    assert.ok(discount.end_date > discount.start_date);
    if (new Date(discount.end_date) <= now) counts.past += 1;
    else if (new Date(discount.start_date) <= now) counts.present += 1;
    else counts.future += 1;
  }
  assert.equal(counts, { past: 20, present: 20, future: 20 });
});

test.run();
