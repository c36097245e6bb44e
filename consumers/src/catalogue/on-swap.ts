import type { ClientBase } from 'pg';
import { jobKeySql } from '../effective-price/repricing.ts';
import type { Swap } from '../runtime/contract/definition.ts';
import { computedColumns } from './apply.ts';
import { columnsOf, isCatalogueTable } from './decide.ts';
import { REPRICE_TASK } from './reprice.ts';

/**
 * Rows that manual events own are taken from the old generation: the database does not have them, and their events may
 * be gone. Then every price that the clock will change, or has changed meanwhile, gets its job.
 */
export async function onSwap({ tx, schema, oldSchema, owned }: Swap): Promise<void> {
  for (const entity of new Set(owned.map((place) => place.entity))) {
    if (!isCatalogueTable(entity)) continue;
    const keys = owned.filter((place) => place.entity === entity).map(({ key }) => key);
    const columns = [...columnsOf[entity], ...computedColumns[entity], 'other_columns'].join(', ');
    await tx.query(`delete from ${schema}.${entity} where ${columnsOf[entity][0]} = any($1)`, [
      keys,
    ]);
    await tx.query(
      `insert into ${schema}.${entity} (${columns}) select ${columns} from ${oldSchema}.${entity}
       where ${columnsOf[entity][0]} = any($1)`,
      [keys],
    );
  }
  await planReprices(tx, schema, owned);
}

/**
 * One job per product whose price the clock changes, unless the old generation had planned the same. At once: prices
 * that depend on rows taken over, and those that a job has in hand right now, perhaps with the old generation's rows.
 */
async function planReprices(
  tx: ClientBase,
  schema: string,
  takenOver: Swap['owned'],
): Promise<void> {
  await tx.query(
    `with now_due as (
       select product_id from ${schema}.products where product_id = any($2)
       union select product_id from ${schema}.product_discounts where discount_id = any($3)
       union select substr(key, length($1) + 2) from graphile_worker.jobs
         where task_identifier = $1 and locked_at is not null
     )
     select graphile_worker.add_job($1, json_build_object('productId', p.product_id),
       run_at := case when d.product_id is null then p.effective_price_until else now() end,
       job_key := ${jobKeySql('p.product_id')})
     from ${schema}.products p left join now_due d using (product_id)
       left join graphile_worker.jobs j on j.key = ${jobKeySql('p.product_id')}
     where d.product_id is not null
       or (p.effective_price_until is not null and j.run_at is distinct from p.effective_price_until)`,
    [
      REPRICE_TASK,
      takenOver.filter(({ entity }) => entity === 'products').map(({ key }) => key),
      takenOver.filter(({ entity }) => entity === 'product_discounts').map(({ key }) => key),
    ],
  );
}
