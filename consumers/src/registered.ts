import { CONSUMER_GROUPS, type ConsumerGroup } from '@shelfcast/schemas/consumer-groups';
import { catalogue } from './catalogue/consumer.ts';
import { inventory } from './inventory/consumer.ts';
import { pricing } from './pricing/consumer.ts';
import type { Consumer } from './runtime/contract/definition.ts';

const consumers: Readonly<Record<ConsumerGroup, Consumer>> = {
  catalogue,
  pricing,
  inventory,
};

/** Every consumer a process can host, by the name that CONSUMERS uses. */
export const registered: readonly Consumer[] = CONSUMER_GROUPS.map((name) => consumers[name]);
