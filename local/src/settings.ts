import { resolve } from 'node:path';
import {
  type CaptureSettings,
  captureSettings,
  captureSettingsShape,
} from '@shelfcast/connect-config/settings';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import { integer, secret } from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';
import { checkoutRoot } from './checkout.ts';
import { type Ports, portsFor } from './ports.ts';
import { ownPassword } from './secrets.ts';

const port = integer({ min: 1, max: 65_000 }).optional();

/** The environment of the local stack; everything has a default. `.env.example` describes each. */
const localSettingsSchema = z.object({
  ...captureSettingsShape,
  SHELFCAST_STATE_DIR: z.string().default('.shelfcast/stack'),
  PORT_OFFSET: integer({ min: 0, max: 50_000 }).prefault('0'),
  POSTGRES_PORT: port,
  KAFKA_PORT: port,
  REGISTRY_PORT: port,
  CONNECT_PORT: port,
  CONSUMERS_PORT: port,
  PRODUCER_API_PORT: port,
  CAPTURE_REPORTS_PORT: port,
  MONITOR_PORT: port,
  DASHBOARD_PORT: port,
  BROKERS: z.enum(['1', '3'], { error: 'must be 1 or 3' }).default('1').transform(Number),
  DATABASE_USER: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and underscores')
    .default('shelfcast'),
  DATABASE_PASSWORD: secret(z.string().optional()),
  CDC_DATABASE_PASSWORD: secret(z.string().optional()),
});

/** What a stack is made of: settled once at start. */
export type LocalSettings = {
  /** Absolute. */
  stateDir: string;
  ports: Ports;
  portOffset: number;
  brokers: number;
  capture: CaptureSettings;
  /** The role that owns the databases. */
  owner: { user: string; password: string };
  /** Password of the role `debezium`, which the migration makes. */
  debeziumPassword: string;
  /** What `.env` and the shell say about the Node services; what the stack tells them wins. */
  configured: Record<string, string>;
  /** Handed on to the Node services, on top of what the stack itself tells them. */
  serviceEnv: Record<string, string>;
};

/**
 * Settings from environment variables; empty ones count as unset. With tokens or an issuer, Postgres' roles get passwords
 * of their own where none is set.
 * @param serviceEnv handed on to the services as it is
 * @param configured handed on to the services where the stack does not say otherwise
 * @throws {ConfigError} naming every variable that is wrong
 */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  serviceEnv: Record<string, string> = {},
  configured: Record<string, string> = {},
): LocalSettings {
  // CONFIG_FILE belongs to the services; the stack's own settings are environment only.
  const isGuarded = [env, configured].some((from) => from.API_TOKENS || from.OIDC_ISSUER);
  const defaults = env.BROKERS === '3' ? { REPLICATION_FACTOR: '3' } : {};
  const values = loadConfig(localSettingsSchema, {
    env: { ...defaults, ...present(env), CONFIG_FILE: undefined },
  });
  const stateDir = resolve(checkoutRoot, values.SHELFCAST_STATE_DIR);
  // The default passwords are known to all, as tokens would not be.
  const password = (given: string | undefined, role: 'database' | 'debezium', known: string) =>
    given ?? (isGuarded ? ownPassword(stateDir, role) : known);
  return {
    stateDir,
    ports: portsFor({ offset: values.PORT_OFFSET, brokers: values.BROKERS, overrides: values }),
    portOffset: values.PORT_OFFSET,
    brokers: values.BROKERS,
    capture: captureSettings(values),
    owner: {
      user: values.DATABASE_USER,
      password: password(values.DATABASE_PASSWORD, 'database', 'shelfcast'),
    },
    debeziumPassword: password(values.CDC_DATABASE_PASSWORD, 'debezium', 'debezium'),
    configured,
    serviceEnv,
  };
}

function present(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value]] : [])),
  );
}
