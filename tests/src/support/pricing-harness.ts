import { pricing } from '@shelfcast/consumers/internals/pricing/consumer';
import {
  type Deliverer,
  startDeliverer,
} from '@shelfcast/consumers/internals/pricing/deliver/deliverer';
import { createDeliveryMetrics } from '@shelfcast/consumers/internals/pricing/deliver/metrics';
import {
  DEFAULT_POLICY,
  type DeliveryPolicy,
} from '@shelfcast/consumers/internals/pricing/deliver/policy';
import { addSubscriber, type NewSubscriber } from '@shelfcast/consumers/operations/subscribers';
import {
  type ChangeMaker,
  type ChangeOptions,
  changesOf,
} from '@shelfcast/consumers/testing/changes';
import type { Harness } from '@shelfcast/consumers/testing/harness';
import type { Change, Row } from '@shelfcast/schemas/change';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import {
  type AllowedPrivate,
  parseAllowedPrivate,
} from '@shelfcast/service-kit/webhooks/address-policy';
import type { Resolve } from '@shelfcast/service-kit/webhooks/guarded-agent';
import { Registry } from 'prom-client';
import { openConsumerHarness } from './consumer-harness.ts';
import { openReceiver, type Receiver } from './webhook-receiver.ts';

/** The pricing consumer's database and deliverers, fed with changes by hand. */
export interface PricingHarness extends Harness {
  readonly url: string;
  readonly registry: Registry;
  /** A receiver on loopback, and its subscription. */
  subscribe(options?: Omit<NewSubscriber, 'url'>): Promise<Receiver & { readonly id: string }>;
  startDeliverer(options?: DelivererSettings): Deliverer;
  close(): Promise<void>;
}

export interface DelivererSettings {
  readonly allowed?: AllowedPrivate;
  readonly policy?: Partial<DeliveryPolicy>;
  readonly resolve?: Resolve;
}

/** Quick, so that tests are. */
export const QUICK: DeliveryPolicy = {
  ...DEFAULT_POLICY,
  firstRetryMs: 100,
  longestRetryMs: 400,
  attemptTimeoutMs: 700,
  breakerFirstMs: 300,
  breakerLongestMs: 600,
  breakerThreshold: 1_000,
};

export async function openPricingHarness(): Promise<PricingHarness> {
  const harness = await openConsumerHarness(pricing);
  const { pool } = harness;
  const registry = new Registry();
  const metrics = createDeliveryMetrics(registry, pool);
  const running: { stop(): Promise<void> }[] = [];
  const receivers: Receiver[] = [];
  return {
    ...harness,
    registry,
    async subscribe(options = {}) {
      const secret = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;
      const receiver = await openReceiver(secret);
      receivers.push(receiver);
      const { id } = await addSubscriber(pool, { secret, ...options, url: receiver.url });
      return Object.assign(receiver, { id });
    },
    startDeliverer({ allowed = parseAllowedPrivate('127.0.0.0/8'), policy, resolve } = {}) {
      const deliverer = startDeliverer({
        pool,
        log: silentLogger(),
        metrics,
        allowed,
        policy: { ...QUICK, ...policy },
        ...(resolve === undefined ? {} : { resolve }),
      });
      running.push(deliverer);
      return deliverer;
    },
    async close() {
      await Promise.all(receivers.map((receiver) => receiver.close()));
      await Promise.all(running.map((deliverer) => deliverer.stop()));
      await harness.close();
    },
  };
}

const products = changesOf('public.products');
const discounts = changesOf('public.product_discounts');

interface RowChangeOptions extends ChangeOptions {
  readonly op?: 'create' | 'update' | 'delete' | 'read';
}

function rowChange(
  table: ChangeMaker,
  key: string,
  row: Row,
  { op = 'update', ...options }: RowChangeOptions,
): Change {
  const now = { occurredAtMs: Date.now(), ...options };
  return op === 'delete' ? table.delete(key, { ...now, before: row }) : table[op](key, row, now);
}

export function product(id: string, fields: Row = {}, options: RowChangeOptions = {}): Change {
  const row = { product_id: id, name: `Product ${id}`, currency: 'EUR', ...fields };
  return rowChange(products, id, row, options);
}

export function discount(
  id: string,
  productId: string,
  fields: Row = {},
  options: RowChangeOptions = {},
): Change {
  const row = { discount_id: id, product_id: productId, ...fields };
  return rowChange(discounts, id, row, options);
}

export function truncation(entity: 'products' | 'product_discounts'): Change {
  return (entity === 'products' ? products : discounts).truncate();
}
