import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consumersConfig } from '@shelfcast/consumers/internals/config';
import { registered } from '@shelfcast/consumers/internals/registered';
import { dashboardConfig } from '@shelfcast/dashboard-server/config';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { kafkaConnect } from '@shelfcast/local/components/connect';
import { configuredVariables } from '@shelfcast/local/configured';
import { readSettings } from '@shelfcast/local/settings';
import { monitorConfig } from '@shelfcast/monitor/config';
import { captureConfig } from '@shelfcast/producer-api/capture/config';
import { producerConfig } from '@shelfcast/producer-api/config';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { z } from 'zod';
import { readCompose } from '../support/compose-file.ts';

/** A setting that is documented reaches every process it is for, with `make start` and with `make up`. */
const test = suite('documented settings');

const schemas: Record<string, z.ZodObject> = {
  'capture-reports': captureConfig,
  consumers: consumersConfig(registered),
  dashboard: dashboardConfig,
  monitor: monitorConfig,
  'producer-api': producerConfig,
};
/** Decided by the stack, which knows where its parts are and how many brokers there are. */
const OF_THE_STACK =
  /^(HOST|PORT|HEALTH_HOST|CONFIG_FILE|REPLICATION_FACTOR|CONSUMER_GROUPS|CONSUMERS|REPLICATION_SLOT|MONITORING_(TOPIC|GROUP)|KAFKA_.*|SCHEMA_REGISTRY_.*|.*_URL)$/;
const ALL_THE_SAME = /^(ALERT_WEBHOOK_URL|OIDC_JWKS_URL)$/;

const text = (...path: string[]) => readFileSync(join(checkoutRoot, ...path), 'utf8');
const docs = readdirSync(join(checkoutRoot, 'docs')).filter((name) => name.endsWith('.md'));
const documented = new Set(
  [text('README.md'), text('.env.example'), ...docs.map((name) => text('docs', name))].flatMap(
    (page) =>
      [...page.matchAll(/(?:`|^#)([A-Z][A-Z0-9_]{3,})(?=[`=])/gm)].map(([, name = '']) => name),
  ),
);

function wanted(schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).filter(
    (name) => documented.has(name) && (!OF_THE_STACK.test(name) || ALL_THE_SAME.test(name)),
  );
}

test('with docker compose', () => {
  const { services } = readCompose(text('docker-compose.yml'));
  const missing = Object.entries(schemas).flatMap(([name, schema]) => {
    const given = Object.keys(services[name]?.environment ?? {});
    return wanted(schema).flatMap((setting) =>
      given.includes(setting) ? [] : [`${name}: ${setting}`],
    );
  });
  assert.equal(missing, []);
});

test('with make start, from .env as from the shell', () => {
  const all = [...new Set(Object.values(schemas).flatMap(wanted))];
  const handedOn = configuredVariables(Object.fromEntries(all.map((name) => [name, 'x'])));
  assert.equal(
    all.filter((name) => !(name in handedOn)),
    [],
  );
});

test('the hosts that connectors may name reach the worker, with both', () => {
  const { services } = readCompose(text('docker-compose.yml'));
  assert.ok('CONNECTOR_HOSTS' in (services.connect?.environment ?? {}));
  const SHELFCAST_STATE_DIR = mkdtempSync(join(tmpdir(), 'shelfcast-handed-on-'));
  try {
    const configured = configuredVariables({ CONNECTOR_HOSTS: 'other.example' });
    const settings = readSettings({ SHELFCAST_STATE_DIR }, {}, configured);
    const java = { executable: 'java', version: '17', feature: 17, hasShenandoah: false };
    const folders = { kafkaLibs: '', registryJar: '', connectPlugins: '', cache: '' };
    const { spec } = kafkaConnect(settings, { java, ...folders });
    assert.is(spec.env.CONNECTOR_HOSTS, 'other.example');
  } finally {
    rmSync(SHELFCAST_STATE_DIR, { recursive: true });
  }
});

test.run();
