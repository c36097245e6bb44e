import type { ConsumerDefinition } from '../runtime/contract/definition.ts';
import { ahead, apply, repriceJob } from './apply.ts';
import { decide, type PriceEffect } from './decide.ts';
import { startDeliverer } from './deliver/deliverer.ts';
import { createDeliveryMetrics } from './deliver/metrics.ts';
import { REPRICE_TASK } from './repricing.ts';
import { type WebhookSettings, webhookSettings } from './settings.ts';
import { truncate } from './truncate.ts';

/** Tells subscribers by webhook when the effective price of a product changes. */
export const pricing: ConsumerDefinition<PriceEffect, WebhookSettings> = {
  name: 'pricing',
  tables: ['public.products', 'public.product_discounts'],
  events: ['product_updates', 'product_discounts'],
  migrationsUrl: new URL('../../src/pricing/migrations', import.meta.url),
  decide,
  apply,
  ahead,
  settings: webhookSettings,
  jobs: { [REPRICE_TASK]: repriceJob },
  background: ({ pool, log, registry, settings, tracing }) =>
    startDeliverer({
      pool,
      log,
      metrics: createDeliveryMetrics(registry, pool),
      allowed: settings.WEBHOOK_ALLOW_PRIVATE,
      tracing,
    }),
  rebuild: {
    refused:
      'it keeps the history of prices and what subscribers were told of it: a snapshot has neither, and a new beginning would tell them again or not at all.',
  },
  reconcile: [
    {
      entity: 'products',
      table: 'products',
      key: 'product_id',
      columns: ['category', 'brand', 'price', 'currency'],
      unverified: 'The effective price, its history, and what subscribers were told of it.',
    },
    {
      entity: 'product_discounts',
      table: 'product_discounts',
      key: 'discount_id',
      columns: [
        'product_id',
        'discount_percentage',
        'start_date',
        'end_date',
        'minimum_quantity',
        'maximum_discount',
      ],
    },
  ],
  truncate,
};
