import { randomBytes, randomUUID } from 'node:crypto';
import type { Codec } from '@shelfcast/schemas/codec';
import { PRODUCT_UPDATE } from '@shelfcast/schemas/contracts';
import type { ProductUpdate } from '@shelfcast/schemas/generated/product_updates';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaProducer } from '@shelfcast/service-kit/kafka/types';
import * as assert from 'uvu/assert';
import type { Pipeline } from './pipeline.ts';

export interface EventSender {
  readonly codec: Codec;
  readonly producer: KafkaProducer;
}

export interface SentEvent {
  /** By default a new one. */
  readonly id?: string;
  /** When the Producer API would have accepted it, Unix milliseconds; by default now. */
  readonly acceptedAtMs?: number;
}

/** Product ids of a test's own; the database is to have them in the end, see `giveToDatabase`. */
export function createProductIds(): { readonly all: readonly string[]; next(): string } {
  const all: string[] = [];
  return {
    all,
    next() {
      const id = `M-${randomBytes(5).toString('hex')}`;
      all.push(id);
      return id;
    },
  };
}

/** Has the database take over what a test made, and delete it: other files compare it with the catalogue. */
export async function giveToDatabase(pipeline: Pipeline, ids: readonly string[]): Promise<void> {
  await pipeline.products.query(
    `insert into products (product_id, name, price) select id, 'Taken over', 1 from unnest($1::text[]) id
     on conflict do nothing`,
    [ids],
  );
  await pipeline.products.query(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
     select id || ':seasonal', id, 'seasonal', 1 from unnest($1::text[]) id`,
    [ids],
  );
  await pipeline.products.query('delete from products where product_id = any($1)', [ids]);
  await eventually(
    async () => {
      const { rows } = await pipeline.consumers.query(
        `select product_id as id from catalogue.products where product_id = any($1)
         union all select discount_id from catalogue.product_discounts where product_id = any($1)`,
        [ids],
      );
      assert.equal(rows, []);
    },
    { timeoutMs: 20_000, intervalMs: 100, what: 'nothing of it is left' },
  );
}

export function productUpdate(
  productId: string,
  fields: Partial<ProductUpdate> = {},
): ProductUpdate {
  return {
    product_id: productId,
    name: 'By hand',
    price: '12.50',
    category: 'Chairs',
    brand: 'Handmade',
    stock_quantity: 3,
    weight: '1.250',
    dimensions: '10x20x30',
    ...fields,
  };
}

/** @returns the event's id */
export async function publish(
  { codec, producer }: EventSender,
  event: ProductUpdate,
  { id = randomUUID(), acceptedAtMs = Date.now() }: SentEvent = {},
): Promise<string> {
  const encode = await codec.encoder(PRODUCT_UPDATE);
  await producer.send([
    {
      topic: 'product_updates',
      key: event.product_id,
      value: encode(event),
      headers: { ce_id: id, ce_time: new Date(acceptedAtMs).toISOString() },
    },
  ]);
  return id;
}
