import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedFieldsSetting } from './shared-fields-setting.ts';

test('fields by entity; none by default', () => {
  assert.is(sharedFieldsSetting.parse(undefined).size, 0);
  assert.is(sharedFieldsSetting.parse('').size, 0);
  assert.equal(
    [...sharedFieldsSetting.parse('products.price, products.stock_quantity,countries.manager')],
    [
      ['products', { keyColumn: 'product_id', columns: new Set(['price', 'stock_quantity']) }],
      ['countries', { keyColumn: 'country_id', columns: new Set(['manager']) }],
    ],
  );
  // Events call it weight, rows do not.
  assert.ok(sharedFieldsSetting.parse('products.weight_kg').has('products'));
});

test('what no event could ever say is refused, all of it at once', () => {
  const { error } = sharedFieldsSetting.safeParse('product.price,products.currency,products');
  assert.is(error?.issues.length, 3);
  assert.match(error?.issues[0]?.message ?? '', /cannot share product.price: .* products/);
  assert.match(
    error?.issues[1]?.message ?? '',
    /cannot share products.currency: .* products.price/,
  );
  assert.not.ok(sharedFieldsSetting.safeParse('products.product_id').success, 'nor a key');
});

test.run();
