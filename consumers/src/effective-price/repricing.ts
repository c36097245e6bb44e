import { z } from 'zod';
import type { ApplyContext } from '../runtime/contract/definition.ts';

/** The moment at which the clock alone changes a product's price. */
export interface DueReprice {
  readonly productId: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
}

export interface Repricing {
  /**
   * Serialises all that computes the prices of these products until the transaction ends. Row locks
   * would not do: a product and its first discount can arrive at the same moment in two processes.
   * Each schema has its own prices, and so its own locks.
   */
  lock(where: Pick<ApplyContext, 'tx' | 'schema'>, productIds: readonly string[]): Promise<void>;
  /** Plans the repricing of products; one job per product, a later plan replaces an earlier one. */
  schedule(where: Pick<ApplyContext, 'write'>, due: readonly DueReprice[]): void;
  /** The product a planned job is about. */
  productOf(payload: unknown): string;
}

export interface RepricingOptions {
  /** Task name of its job that computes a price again when a discount starts or ends. */
  readonly task: string;
}

/** Key of a product's job, of which the queue takes 512 characters. $1 is the task's name. */
export function jobKeySql(productId: string): string {
  return `$1 || ':' || case when length(${productId}) <= 200 then ${productId}
    else left(${productId}, 100) || ':' || md5(${productId}) end`;
}

const repricePayload = z.object({ productId: z.string() });

/** Prices computed one transaction at a time, and again when the clock changes them. */
export function createRepricing({ task }: RepricingOptions): Repricing {
  return {
    async lock({ tx, schema }, productIds) {
      if (productIds.length === 0) return;
      await tx.query({
        name: 'price.lock',
        text: `select pg_advisory_xact_lock(lock)
         from (select hashtextextended($1 || ':price:' || id, 0) as lock
               from unnest($2::text[]) as i(id) order by lock) as locks`,
        values: [schema, productIds],
      });
    },
    schedule({ write }, due) {
      if (due.length === 0) return;
      write({
        name: 'price.schedule',
        text: `select graphile_worker.add_job($1, json_build_object('productId', d.product_id),
           run_at := to_timestamp(d.at_ms / 1000.0), job_key := ${jobKeySql('d.product_id')})
         from unnest($2::text[], $3::float8[]) as d(product_id, at_ms)`,
        values: [task, due.map(({ productId }) => productId), due.map(({ atMs }) => atMs)],
      });
    },
    productOf: (payload) => repricePayload.parse(payload).productId,
  };
}
