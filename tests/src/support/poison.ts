import { randomBytes } from 'node:crypto';
import { type DeadLetter, listDeadLetters } from '@shelfcast/consumers/operations/dead-letters';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import * as assert from 'uvu/assert';
import type { Pipeline } from './pipeline.ts';

/** A product of a test's own whose present name the catalogue cannot take; every other consumer can. */
export interface PoisonProduct {
  readonly productId: string;
  /** The name that is refused. */
  readonly name: string;
  /** What the catalogue's database says of it. */
  readonly error: string;
  /** Waits until its change is parked, or given up; its id among the dead letters. */
  parked(state?: 'retrying' | 'dead'): Promise<string>;
  /** The name is taken from now on. What is parked is tried again by itself, or redriven when it was given up. */
  remedy(): Promise<void>;
  /** Mends it, deletes the product, and waits until nothing of it is left. */
  remove(monitorUrl: string): Promise<void>;
}

/**
 * @param batch what ids of several that belong together have in common
 * @param description of the product
 */
export async function poisonProduct(
  { products, consumers }: Pipeline,
  batch = '',
  description: string | null = null,
): Promise<PoisonProduct> {
  const hex = randomBytes(4).toString('hex');
  const [productId, name, refuses] = [`poison-${batch}${hex}`, `refused-${hex}`, `refuse_${hex}`];
  const error = `the name ${name} is taken nowhere`;
  await consumers.query(
    `create function ${refuses}() returns trigger language plpgsql as
       $$ begin raise exception ${pg.escapeLiteral(error)}; end $$;
     create trigger ${refuses} before insert or update on catalogue.products for each row
       when (new.product_id = '${productId}' and new.name = '${name}') execute function ${refuses}()`,
  );
  await products.query(
    `insert into products (product_id, name, price, description) values ($1, 'Good', 1, $2)`,
    [productId, description],
  );
  await products.query('update products set name = $2 where product_id = $1', [productId, name]);

  const letters = (): Promise<DeadLetter[]> =>
    listDeadLetters(consumers, { consumer: 'catalogue', key: productId, limit: 10 });
  const remedy = async (): Promise<void> => {
    await consumers.query(`drop function if exists ${refuses}() cascade`);
  };
  return {
    ...{ productId, name, error, remedy },
    parked: (state) =>
      eventually(
        async () => {
          const [letter] = await letters();
          return letter !== undefined && (state ?? letter.state) === letter.state
            ? letter.id
            : false;
        },
        { timeoutMs: 120_000, intervalMs: 100, what: `${productId} is parked` },
      ),
    async remove(monitorUrl) {
      await remedy();
      await products.query('delete from products where product_id = $1', [productId]);
      await eventually(
        async () => {
          for (const { id } of await letters()) {
            const response = await fetch(`${monitorUrl}/api/dead-letters/${id}/redrive`, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: '{}',
            });
            await response.text();
          }
          const { rows } = await consumers.query(
            'select 1 from catalogue.products where product_id = $1',
            [productId],
          );
          assert.equal([await letters(), rows], [[], []]);
        },
        { timeoutMs: 60_000, intervalMs: 500, what: `nothing of ${productId} is left` },
      );
    },
  };
}
