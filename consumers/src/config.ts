import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { maskedFields } from '@shelfcast/service-kit/config/masked-fields';
import {
  databaseUrl,
  kafkaSettings,
  poolSize,
  registrySettings,
  serviceSettings,
} from '@shelfcast/service-kit/config/settings';
import { tracingSettings } from '@shelfcast/service-kit/tracing/tracing';
import { z } from 'zod';
import type { Consumer } from './runtime/contract/definition.ts';
import { sharedFieldsSetting } from './shared-fields-setting.ts';

/** Settings of the process that can host these consumers, their own among them. */
export function consumersConfig(registered: readonly Pick<Consumer, 'name' | 'settings'>[]) {
  const names = registered.map(({ name }) => name);
  const own: z.ZodRawShape = Object.assign({}, ...registered.map(({ settings }) => settings));
  return z.object({
    ...own,
    ...serviceSettings({ port: 7071 }),
    ...kafkaSettings,
    ...registrySettings,
    ...tracingSettings,
    /** Where /livez, /readyz and /metrics listen; containers set 0.0.0.0. */
    HEALTH_HOST: z.string().default('127.0.0.1'),
    CONSUMERS_DATABASE_URL: databaseUrl(),
    CONSUMERS_DATABASE_POOL_SIZE: poolSize(10),
    /** A process whose event loop stands still for this long is killed, milliseconds. */
    EVENT_LOOP_TIMEOUT_MS: z.coerce.number().int().min(1_000).default(30_000),
    TOPIC_PREFIX: z.string().default(DEFAULT_TOPIC_PREFIX),
    /** All processes of a consumer are to have the same. */
    SHARED_FIELDS: sharedFieldsSetting,
    /** Columns whose values no report, dead letter or log quotes, separated by commas. */
    MASKED_FIELDS: maskedFields(),
    CONSUMERS: z
      .string()
      .default(names.join(','))
      .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
      .refine(
        (chosen) => chosen.every((name) => names.includes(name)),
        `must name consumers among ${names.join(', ')}, separated by commas`,
      ),
  });
}

export type ConsumersConfig = z.output<ReturnType<typeof consumersConfig>>;
