import { STOCK_ALERT } from '@shelfcast/schemas/contracts';
import { defineConsumer } from '../runtime/contract/definition.ts';
import { ahead, apply } from './apply.ts';
import { decide } from './decide.ts';
import { truncate } from './truncate.ts';

/** Ledger of every change of stock, and alerts when stock gets low, runs out and comes back. */
export const inventory = defineConsumer({
  name: 'inventory',
  tables: ['public.products'],
  events: ['product_updates'],
  migrationsUrl: new URL('../../src/inventory/migrations', import.meta.url),
  publishes: [STOCK_ALERT],
  decide,
  apply,
  ahead,
  rebuild: {
    refused:
      'it is a ledger: a snapshot tells how much stock there is, not the movements that led to it, and a new ledger would forget them.',
  },
  reconcile: [
    {
      entity: 'products',
      table: 'stock',
      key: 'product_id',
      columns: ['stock_quantity', 'category'],
      unverified: 'The ledger of movements: the source does not know how a level came about.',
    },
  ],
  truncate,
});
