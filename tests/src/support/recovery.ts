import { randomUUID } from 'node:crypto';
import { eventually } from '@shelfcast/service-kit/eventually';
import * as assert from 'uvu/assert';
import type { Pipeline } from './pipeline.ts';

/** Generous: on a machine that does other things as well, starting two Java processes takes minutes. */
const RECOVERY_LIMIT_MS = 300_000;

/** How long it takes from now until a row that is inserted now has reached the catalogue, in milliseconds. */
export async function recoveryTime(
  { products, consumers }: Pipeline,
  prefix: string,
): Promise<number> {
  const startedAt = performance.now();
  const marker = `${prefix}-marker-${randomUUID().slice(0, 8)}`;
  await eventually(
    () =>
      products.query(
        `insert into products (product_id, name, price) values ($1, 'Marker', 1) on conflict do nothing`,
        [marker],
      ),
    { timeoutMs: RECOVERY_LIMIT_MS, what: 'the product database takes a row' },
  );
  await eventually(
    async () => {
      const { rowCount } = await consumers.query(
        'select from catalogue.products where product_id = $1',
        [marker],
      );
      assert.is(rowCount, 1);
    },
    { timeoutMs: RECOVERY_LIMIT_MS, intervalMs: 20, what: 'the row in the catalogue' },
  );
  return Math.round(performance.now() - startedAt);
}
