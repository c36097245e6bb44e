import { resolve } from 'node:path';
import { DEFAULT_MAX_RECORD_BYTES } from '@shelfcast/schemas/limits';
import { z } from 'zod';
import { checkoutRoot } from './checkout.ts';
import { type Ports, portsFor } from './ports.ts';

const port = z.coerce.number().int().min(1).max(65_000).optional();
const flag = z
  .enum(['0', '1', 'true', 'false', ''])
  .default('0')
  .transform((value) => value === '1' || value === 'true');

/** The environment of the local stack; everything has a default. `.env.example` describes each. */
const environment = z.object({
  SHELFCAST_STATE_DIR: z.string().min(1).default('.shelfcast'),
  PORT_OFFSET: z.coerce.number().int().min(0).max(50_000).default(0),
  POSTGRES_PORT: port,
  KAFKA_PORT: port,
  REGISTRY_PORT: port,
  CONNECT_PORT: port,
  CONSUMERS_PORT: port,
  BROKERS: z.coerce
    .number()
    .refine((brokers) => brokers === 1 || brokers === 3, 'must be 1 or 3')
    .default(1),
  MAX_RECORD_BYTES: z.coerce
    .number()
    .int()
    .min(1_048_576)
    .max(268_435_456)
    .default(DEFAULT_MAX_RECORD_BYTES),
  LOW_LATENCY: flag,
  EXACTLY_ONCE_SOURCE: flag,
  DATABASE_USER: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/, 'must be a plain lower-case name')
    .default('shelfcast'),
  DATABASE_PASSWORD: z.string().min(1).default('shelfcast'),
  CDC_DATABASE_PASSWORD: z.string().min(1).default('debezium'),
});

/** What a stack is made of: settled once at start, kept in its state folder. */
export type LocalSettings = {
  /** Absolute. */
  stateDir: string;
  ports: Ports;
  portOffset: number;
  brokers: number;
  maxRecordBytes: number;
  lowLatency: boolean;
  exactlyOnceSource: boolean;
  owner: Credentials;
  /** Password of the role `debezium`, which the migration makes. */
  capturePassword: string;
  /** Handed on to the components and services, on top of what the stack itself says. */
  extraEnv: Record<string, string>;
};

export type Credentials = { user: string; password: string };

/**
 * Settings from environment variables (empty ones count as unset).
 * @param extraEnv handed on to the services as it is
 * @throws {SettingsError} naming every variable that is wrong
 */
export function readSettings(
  env: Record<string, string | undefined>,
  extraEnv: Record<string, string> = {},
): LocalSettings {
  const present = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  const parsed = environment.safeParse(Object.fromEntries(present));
  if (!parsed.success) {
    throw new SettingsError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    );
  }
  const values = parsed.data;
  return {
    stateDir: resolve(checkoutRoot, values.SHELFCAST_STATE_DIR),
    ports: portsFor({
      offset: values.PORT_OFFSET,
      brokers: values.BROKERS,
      overrides: Object.fromEntries(
        Object.entries(values).filter(
          ([name, value]) => name.endsWith('_PORT') && value !== undefined,
        ),
      ),
    }),
    portOffset: values.PORT_OFFSET,
    brokers: values.BROKERS,
    maxRecordBytes: values.MAX_RECORD_BYTES,
    lowLatency: values.LOW_LATENCY,
    exactlyOnceSource: values.EXACTLY_ONCE_SOURCE,
    owner: { user: values.DATABASE_USER, password: values.DATABASE_PASSWORD },
    capturePassword: values.CDC_DATABASE_PASSWORD,
    extraEnv,
  };
}

/** A wrong setting; the message lists all of them. */
export class SettingsError extends Error {
  readonly code = 'SETTINGS';
  constructor(problems: string[]) {
    super(`Settings that cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}
