import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliSettingsSchema } from '@shelfcast/connect-config/cli-settings';
import { captureSettingsShape } from '@shelfcast/connect-config/settings';
import { consumersConfig } from '@shelfcast/consumers/internals/config';
import { registered } from '@shelfcast/consumers/internals/registered';
import { dashboardConfig } from '@shelfcast/dashboard-server/config';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { SERVICE_NAMES } from '@shelfcast/local/components/services';
import { monitorConfig } from '@shelfcast/monitor/config';
import { captureConfig } from '@shelfcast/producer-api/capture/config';
import { producerConfig } from '@shelfcast/producer-api/config';
import { productDatabaseSettingsSchema } from '@shelfcast/product-database/settings';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import { registrySettings } from '@shelfcast/service-kit/config/settings';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { type ComposeService, containerEnvironment, readCompose } from '../support/compose-file.ts';

/** docker-compose.yml on its own: well formed, and every container safe, watched and waited for. */
const test = suite('docker-compose.yml');

const text = readFileSync(join(checkoutRoot, 'docker-compose.yml'), 'utf8');
const { services } = readCompose(text);
const dockerfiles = {
  services: readFileSync(join(checkoutRoot, 'Dockerfile'), 'utf8'),
  connect: readFileSync(join(checkoutRoot, 'connect-config', 'Dockerfile'), 'utf8'),
};

const isJob = (service: ComposeService) => service.restart === 'no';

function each(check: (service: ComposeService, name: string) => void): void {
  for (const [name, service] of Object.entries(services)) check(service, name);
}

test('follows the Compose specification, which would tell if it did not', () => {
  const misspelt = text.replace('healthcheck:', 'healthchek:');
  assert.throws(() => readCompose(misspelt), /must NOT have unevaluated properties/);
});

test('has every Node service that make start runs', () => {
  for (const name of SERVICE_NAMES) assert.ok(services[name], name);
});

test('every service is watched and restarted, every job is waited for by something that runs on', () => {
  const waitedFor = new Set(
    Object.values(services).flatMap((service) =>
      Object.entries(service.depends_on ?? {})
        .filter(([, { condition }]) => condition === 'service_completed_successfully')
        .map(([name]) => name),
    ),
  );
  each((service, name) => {
    if (isJob(service)) {
      assert.ok(waitedFor.has(name), `up --wait fails when ${name} ends and nothing waits for it`);
    } else {
      assert.ok(service.healthcheck, `${name} has a health check`);
      assert.is(service.restart, 'unless-stopped', name);
    }
  });
});

test('what a service waits for is there, healthy or done', () => {
  each((service, name) => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = services[needed];
      assert.ok(other, `${name} waits for ${needed}`);
      const expected = isJob(other) ? 'service_completed_successfully' : 'service_healthy';
      assert.is(condition, expected, `${name} waits for ${needed}`);
    }
  });
});

test('no container runs as root, with privileges, without a memory limit or open to the network', () => {
  each((service, name) => {
    const user = service.user ?? userOf(service.build === '.' ? dockerfiles.services : '');
    assert.not.match(user, /^(root|0)?$/, `user of ${name}`);
    assert.is(service.privileged, undefined, name);
    assert.equal(service.cap_drop, ['ALL'], name);
    assert.ok(service.mem_limit, `memory limit of ${name}`);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name);
  });
});

test('every image is pinned to a release', () => {
  const bases = Object.values(dockerfiles).flatMap((file) =>
    [...file.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image),
  );
  const images = Object.values(services).map((service) => service.image);
  for (const image of [...bases, ...images]) assert.match(image, /:v?\d+\.\d+[.\w-]*$/);
});

test('ports are moved by the settings that move those of make start', () => {
  const settings = [
    'POSTGRES',
    'KAFKA',
    'REGISTRY',
    'CONNECT',
    'CONSUMERS',
    'PRODUCER_API',
    'CAPTURE_REPORTS',
    'MONITOR',
    'DASHBOARD',
  ];
  const env = Object.fromEntries(
    settings.map((name, index) => [`${name}_PORT`, `${20_000 + index}`]),
  );
  const published = Object.values(readCompose(text, env).services)
    .flatMap((service) => service.ports ?? [])
    .map((port) => port.split(':')[1]);
  assert.equal(published.sort(), Object.values(env).sort());
});

test('every process of ours accepts its settings and knows every one of them', () => {
  const consumers = consumersConfig(registered);
  const schemas: Record<string, z.ZodObject> = {
    'capture-reports': captureConfig,
    consumers,
    connector: cliSettingsSchema,
    contracts: z.object(registrySettings),
    dashboard: dashboardConfig,
    monitor: monitorConfig,
    'producer-api': producerConfig,
    'products-database': productDatabaseSettingsSchema,
  };
  const ours = Object.keys(services).filter((name) => services[name]?.build === '.');
  assert.equal(ours.sort(), Object.keys(schemas).sort());
  for (const [name, schema] of Object.entries(schemas)) {
    const environment = services[name]?.environment ?? {};
    for (const setting of Object.keys(environment)) {
      const known = setting === 'PGPASSWORD' || setting in schema.shape; // pg reads that one itself
      assert.ok(known, `${name} knows ${setting}`);
    }
    loadConfig(schema, { env: containerEnvironment(environment) });
  }
});

test('every capture setting of .env reaches the connector', () => {
  const handedOn = Object.keys(services.connector?.environment ?? {});
  for (const setting of Object.keys(captureSettingsShape)) {
    // There is one broker here.
    if (setting !== 'REPLICATION_FACTOR') assert.ok(handedOn.includes(setting), setting);
  }
});

test('no password is one that the README tells: make up makes those that .env has not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shelfcast-secrets-'));
  const file = join(folder, '.env');
  const make = () =>
    execFileSync('sh', [join(checkoutRoot, 'compose', 'make-secrets.sh'), file], {
      // Where no engine answers there is no volume whose superuser has a password already.
      env: { ...process.env, DOCKER_HOST: 'unix:///there/is/none' },
    });
  try {
    writeFileSync(file, 'DATABASE_PASSWORD=mine\n');
    make();
    const made = readFileSync(file, 'utf8');
    make();
    assert.is(readFileSync(file, 'utf8'), made, 'they stay');
    assert.is(statSync(file).mode & 0o077, 0);
    assert.match(made, /^DATABASE_PASSWORD=mine$/m);
    const names = [...text.matchAll(/\$\{(\w*PASSWORD):-/g)].map(([, name]) => name);
    for (const name of new Set(names)) {
      if (name === 'DATABASE_PASSWORD') continue;
      assert.match(made, new RegExp(`^${name}=[0-9a-f]{48}$`, 'm'));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every process of ours is a module of the image', () => {
  for (const service of Object.values(services).filter(({ build }) => build === '.')) {
    const modules =
      service.command?.join(' ').matchAll(/node ([\w/-]+)\/dist\/([\w/-]+)\.js/g) ?? [];
    const sources = [...modules].map(([, workspace = '', name]) => [
      workspace,
      'src',
      `${name}.ts`,
    ]);
    assert.ok(sources.length > 0, `${service.command}`);
    for (const path of sources) assert.ok(existsSync(join(checkoutRoot, ...path)), path.join('/'));
  }
});

test('the images are built from files that the build context has', () => {
  const context = readFileSync(join(checkoutRoot, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  for (const file of Object.values(dockerfiles)) {
    for (const [, sources = ''] of file.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)) {
      for (const source of sources.split(' ')) {
        const known = context.some((path) => source === path || source.startsWith(`${path}/`));
        assert.ok(known, `.dockerignore lets ${source} through`);
      }
    }
  }
});

function userOf(dockerfile: string): string {
  return [...dockerfile.matchAll(/^USER (\S+)/gm)].at(-1)?.[1] ?? '';
}

test.run();
