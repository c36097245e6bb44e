import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { authSettings } from '../auth/settings.ts';
import { ConfigError, loadConfig } from './config.ts';
import {
  databaseUrl,
  integer,
  kafkaConnection,
  kafkaSettings,
  onOff,
  poolSize,
  secret,
  serviceSettings,
} from './settings.ts';

const test = suite('config');

const schema = z.object({
  ...serviceSettings({ port: 7071 }),
  ...kafkaSettings,
  CONSUMERS_DATABASE_URL: databaseUrl(),
  CONSUMERS_DATABASE_POOL_SIZE: poolSize(),
});
const complete = {
  KAFKA_BOOTSTRAP_SERVERS: 'localhost:9092, broker:9192',
  CONSUMERS_DATABASE_URL: 'postgres://user:hunter2@localhost:5432/consumers',
};

function problemsOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

test('reads settings with their defaults', () => {
  const config = loadConfig(schema, { env: complete });

  assert.is(config.HOST, '127.0.0.1');
  assert.is(config.PORT, 7071);
  assert.is(config.INSTANCE_ID, 'local');
  assert.is(config.CONSUMERS_DATABASE_POOL_SIZE, 10);
  assert.equal(kafkaConnection(config), {
    bootstrapServers: ['localhost:9092', 'broker:9192'],
    maxRecordBytes: 16 * 1024 * 1024,
  });
});

test('lists every problem in one message, with what was given', () => {
  const message = problemsOf(() =>
    loadConfig(schema, {
      env: { PORT: '80x', LOG_LEVEL: 'loud', KAFKA_BOOTSTRAP_SERVERS: 'localhost' },
    }),
  );

  assert.match(message, /PORT: must be a whole number between 0 and 65535 \(given: "80x"\)/);
  assert.match(message, /LOG_LEVEL: must be one of fatal, .* \(given: "loud"\)/);
  assert.match(message, /KAFKA_BOOTSTRAP_SERVERS: must be host:port/);
  assert.match(message, /CONSUMERS_DATABASE_URL: is missing/);
});

test('a malformed number never becomes the default', () => {
  const one = z.object({ N: integer({ min: 1, max: 10 }).prefault('5') });
  for (const bad of ['ten', '1.5', '1e1', '0x5', '11', '0', '5 apples', 'NaN']) {
    assert.match(
      problemsOf(() => loadConfig(one, { env: { N: bad } })),
      /N: must be a whole/,
    );
  }
  assert.is(loadConfig(one, { env: { N: '7' } }).N, 7);
  assert.is(loadConfig(one, { env: { N: ' ' } }).N, 5);
});

test('never shows secrets', () => {
  const message = problemsOf(() =>
    loadConfig(z.object({ KEY: secret(z.string().min(20, 'is too short')), ...schema.shape }), {
      env: { KEY: 'hunter3', CONSUMERS_DATABASE_URL: 'mysql://user:hunter2@host/db' },
    }),
  );

  assert.match(message, /KEY: is too short/);
  assert.match(message, /CONSUMERS_DATABASE_URL: must be a URL like postgres/);
  assert.not.match(message, /hunter/);
});

test('reads a YAML file, flat or grouped; the environment wins', () => {
  const readFile = () => `
    log_level: debug
    PORT: 9000
    kafka:
      bootstrap-servers: [one:9092, two:9092]
      ssl: on
    consumers: { database: { url: "postgres://file@host/db" } }
  `;
  const config = loadConfig(schema, {
    env: { CONFIG_FILE: 'settings.yaml', PORT: '9001' },
    readFile,
  });

  assert.is(config.LOG_LEVEL, 'debug');
  assert.is(config.PORT, 9001);
  assert.equal(config.KAFKA_BOOTSTRAP_SERVERS, ['one:9092', 'two:9092']);
  assert.is(config.KAFKA_SSL, true);
});

test('refuses names in the file that no setting has', () => {
  const message = problemsOf(() =>
    loadConfig(schema, {
      env: { ...complete, CONFIG_FILE: 'settings.yaml' },
      readFile: () => 'LOG_LEVLE: debug\nkafka: { colour: red }\n',
    }),
  );

  assert.match(message, /LOG_LEVLE: is no setting of this service; did you mean LOG_LEVEL\?/);
  assert.match(message, /KAFKA_COLOUR: is no setting of this service/);
});

test('names a file that cannot be read', () => {
  const readFile = (): string => {
    throw new Error('ENOENT: no such file');
  };
  const message = problemsOf(() =>
    loadConfig(schema, { env: { ...complete, CONFIG_FILE: 'gone.yaml' }, readFile }),
  );

  assert.match(message, /CONFIG_FILE: cannot be read: ENOENT.* \(given: "gone.yaml"\)/);
});

test('settings that need each other', () => {
  const message = problemsOf(() =>
    loadConfig(schema, {
      env: { ...complete, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'me' },
    }),
  );

  assert.match(
    message,
    /KAFKA_SASL_PASSWORD: is missing: .* because KAFKA_SASL_MECHANISM is given/,
  );
});

test('where an issuer’s keys are, without the issuer, asks no caller for a JWT', () => {
  const withAuth = z.object(authSettings);
  const env = { OIDC_JWKS_URL: 'https://issuer.example/jwks' };
  const message = problemsOf(() => loadConfig(withAuth, { env }));
  assert.match(message, /OIDC_ISSUER: is missing: .* because OIDC_JWKS_URL is given/);
  loadConfig(withAuth, { env: { ...env, OIDC_ISSUER: 'https://issuer.example' } });
});

test('on and off in the usual spellings, nothing else', () => {
  const one = z.object({ FLAG: onOff() });
  for (const yes of ['on', 'true', '1', 'YES']) {
    assert.is(loadConfig(one, { env: { FLAG: yes } }).FLAG, true);
  }
  assert.is(loadConfig(one, { env: { FLAG: 'off' } }).FLAG, false);
  assert.match(
    problemsOf(() => loadConfig(one, { env: { FLAG: 'maybe' } })),
    /must be on or off/,
  );
});

test.run();
