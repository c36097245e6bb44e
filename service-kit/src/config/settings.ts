import { readFileSync } from 'node:fs';
import { DEFAULT_MAX_RECORD_BYTES } from '@shelfcast/schemas/limits';
import type { RegistryClientOptions } from '@shelfcast/schemas/registry/client';
import { z } from 'zod';
import type { KafkaConnection } from '../kafka/types.ts';
import { messageOf } from '../message-of.ts';
import { LOG_LEVELS } from '../process/logging.ts';
import { isBadPort } from './bad-ports.ts';
import type { ConfigProblem } from './config.ts';

/** Marks a setting whose value is never shown. Applied last: zod's metadata is per schema instance. */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ secret: true });
}

export function isSecret(schema: z.core.$ZodType): boolean {
  return z.globalRegistry.get(schema)?.secret === true;
}

export interface IntegerRange {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number written in digits; `10s`, `1e3` or `0x10` are refused, never read as something else. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: IntegerRange = {}) {
  return z.string({ error: 'a whole number is needed' }).transform((text, context) => {
    const value = /^-?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    context.issues.push({
      code: 'custom',
      message: `must be a whole number between ${min} and ${max}`,
      input: text,
    });
    return z.NEVER;
  });
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['1', true],
  ['yes', true],
  ['off', false],
  ['false', false],
  ['0', false],
  ['no', false],
]);

export function onOff() {
  return z.string({ error: 'on or off is needed' }).transform((text, context) => {
    const value = SWITCH.get(text.trim().toLowerCase());
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: 'must be on or off', input: text });
    return z.NEVER;
  });
}

/** Comma-separated, at least one. */
export function list(what: string) {
  return z
    .string({ error: `${what} are needed, separated by commas` })
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.string().min(1, 'has an empty entry')).min(1));
}

/** A path to a file; the value is the file's text. */
export function textFile() {
  return z.string().transform((path, context) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const message = `cannot be read: ${messageOf(error)}`;
      context.issues.push({ code: 'custom', message, input: path });
      return z.NEVER;
    }
  });
}

export function url(...protocols: readonly string[]) {
  const wanted = protocols.map((protocol) => `${protocol}://…`).join(' or ');
  return z
    .string({ error: `${wanted} is needed` })
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)),
      `must be a URL like ${wanted}`,
    );
}

/** A Postgres connection string; TLS by its `sslmode` parameter. Holds a password, so it is a secret. */
export function databaseUrl() {
  return secret(url('postgres', 'postgresql'));
}

/** Most connections to one database. */
export function poolSize(defaultSize = 10) {
  return integer({ min: 1, max: 1_000 }).prefault(String(defaultSize));
}

/** What every service reads; `port` is the service's default. */
export function serviceSettings({ port }: { readonly port: number }) {
  return {
    HOST: z.string().default('127.0.0.1'),
    PORT: integer({ min: 0, max: 65_535 })
      .refine((given) => given === 0 || !isBadPort(given), 'is a port that browsers refuse')
      .prefault(String(port)),
    INSTANCE_ID: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1-64 letters, digits, dots, dashes or underscores')
      .default('local'),
    LOG_LEVEL: z
      .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
      .default('info'),
  };
}

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

export const kafkaSettings = {
  KAFKA_BOOTSTRAP_SERVERS: list('host:port of brokers').refine(
    (servers) => servers.every((server) => /^[^\s:/]+:\d{1,5}$/.test(server)),
    'must be host:port, or several separated by commas',
  ),
  KAFKA_SSL: onOff().prefault('off'),
  KAFKA_SSL_CA_FILE: textFile().optional(),
  KAFKA_SSL_CERT_FILE: textFile().optional(),
  KAFKA_SSL_KEY_FILE: textFile().optional(),
  KAFKA_SASL_MECHANISM: z
    .enum(SASL_MECHANISMS, { error: `must be one of ${SASL_MECHANISMS.join(', ')}` })
    .optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: secret(z.string().optional()),
  MAX_RECORD_BYTES: integer({ min: 1_024, max: 1_073_741_824 }).prefault(
    String(DEFAULT_MAX_RECORD_BYTES),
  ),
};

export const registrySettings = {
  /** It may hold user and password. */
  SCHEMA_REGISTRY_URL: secret(url('http', 'https')),
  SCHEMA_REGISTRY_USERNAME: z.string().optional(),
  SCHEMA_REGISTRY_PASSWORD: secret(z.string().optional()),
  SCHEMA_REGISTRY_CA_FILE: textFile().optional(),
};

/** The brokers to connect to, from settings read with `kafkaSettings`. */
export function kafkaConnection(
  settings: z.output<z.ZodObject<typeof kafkaSettings>>,
): KafkaConnection {
  const {
    KAFKA_SSL_CA_FILE: ca,
    KAFKA_SSL_CERT_FILE: cert,
    KAFKA_SSL_KEY_FILE: key,
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username = '',
    KAFKA_SASL_PASSWORD: password = '',
  } = settings;
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return {
    bootstrapServers: settings.KAFKA_BOOTSTRAP_SERVERS,
    ...(settings.KAFKA_SSL ? { tls } : {}),
    ...(mechanism === undefined ? {} : { sasl: { mechanism, username, password } }),
    maxRecordBytes: settings.MAX_RECORD_BYTES,
  };
}

/** The registry to connect to, from settings read with `registrySettings`. */
export function registryConnection(
  settings: z.output<z.ZodObject<typeof registrySettings>>,
): RegistryClientOptions {
  const {
    SCHEMA_REGISTRY_URL: registryUrl,
    SCHEMA_REGISTRY_USERNAME: username,
    SCHEMA_REGISTRY_PASSWORD: password = '',
    SCHEMA_REGISTRY_CA_FILE: ca,
  } = settings;
  return {
    registryUrl,
    ...(username === undefined ? {} : { auth: { username, password } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  };
}

/** Settings that only make sense together; checked for every service that has all of them. */
export interface SettingRule {
  readonly settings: readonly string[];
  readonly check: (given: Readonly<Record<string, string>>) => ConfigProblem[];
}

export const SETTING_RULES: readonly SettingRule[] = [
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME'),
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_PASSWORD'),
  needs('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM'),
  needs('KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'),
  needs('KAFKA_SSL_KEY_FILE', 'KAFKA_SSL_CERT_FILE'),
  needs('SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD'),
  needs('SCHEMA_REGISTRY_PASSWORD', 'SCHEMA_REGISTRY_USERNAME'),
  needs('ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'),
  // Without an issuer no caller would be asked for a JWT.
  needs('OIDC_JWKS_URL', 'OIDC_ISSUER'),
  needsSwitch('KAFKA_SSL_CA_FILE', 'KAFKA_SSL'),
  needsSwitch('KAFKA_SSL_CERT_FILE', 'KAFKA_SSL'),
];

function needs(setting: string, other: string): SettingRule {
  return {
    settings: [setting, other],
    check: (given) =>
      given[setting] !== undefined && given[other] === undefined
        ? [{ setting: other, problem: `is missing: it is needed because ${setting} is given` }]
        : [],
  };
}

/** A certificate beside a plaintext connection: the operator believes that it is encrypted. */
function needsSwitch(setting: string, toggle: string): SettingRule {
  return {
    settings: [setting, toggle],
    check: (given) =>
      given[setting] !== undefined && SWITCH.get(given[toggle]?.toLowerCase() ?? 'off') === false
        ? [{ setting: toggle, problem: `must be on because ${setting} is given` }]
        : [],
  };
}
