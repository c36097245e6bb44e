import { MANUAL_TOPICS } from '@shelfcast/schemas/topics';
import type { ConsumerDefinition } from '../runtime/contract/definition.ts';
import { ahead, apply } from './apply.ts';
import { wrongPrices } from './computed.ts';
import { type CatalogueEffect, columnsOf, decide } from './decide.ts';
import { onSwap } from './on-swap.ts';
import { REPRICE_TASK, repriceJob } from './reprice.ts';
import { truncate } from './truncate.ts';

/** Read model of the catalogue: current products with their effective price and full-text search. */
export const catalogue: ConsumerDefinition<CatalogueEffect> = {
  name: 'catalogue',
  tables: Object.keys(columnsOf).map((table) => `public.${table}`),
  events: MANUAL_TOPICS,
  migrationsUrl: new URL('../../src/catalogue/migrations', import.meta.url),
  decide,
  apply,
  ahead,
  jobs: { [REPRICE_TASK]: repriceJob },
  rebuild: { onSwap },
  reconcile: [
    {
      entity: 'products',
      table: 'products',
      key: 'product_id',
      columns: columnsOf.products,
      computed: wrongPrices,
      unverified: 'Columns that this model does not name (other_columns).',
    },
    {
      entity: 'product_discounts',
      table: 'product_discounts',
      key: 'discount_id',
      columns: columnsOf.product_discounts,
    },
    {
      entity: 'countries',
      table: 'countries',
      key: 'country_id',
      columns: columnsOf.countries,
    },
  ],
  truncate,
};
