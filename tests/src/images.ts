// The services image that `make images` built: every command of docker-compose.yml that uses it, started in it as its
// user, against a stack of its own. Run by `make images-test`; too slow for `make test`, and it needs Docker or buildah.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { type Stack, startStack } from '@shelfcast/local/stack';
import { stopAll } from '@shelfcast/local/supervisor/client';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newToken } from './support/api-client.ts';
import { type ComposeService, containerEnvironment, readCompose } from './support/compose-file.ts';

const test = suite('the services image');

const STATE_DIR = join(checkoutRoot, '.shelfcast', 'images', 'stack');
const PORT_OFFSET = Number(process.env.TEST_PORT_OFFSET ?? 11_000);
const JOB_TIMEOUT_MS = 300_000;

const compose = readFileSync(join(checkoutRoot, 'docker-compose.yml'), 'utf8');
const { setting } = newToken('images', 'operator');
const ours = Object.entries(readCompose(compose).services).filter(([, { build }]) => build === '.');
const jobs = ours.filter(([, { restart }]) => restart === 'no');
const services = ours.filter(([, { restart }]) => restart !== 'no');

await stopAll(STATE_DIR);
rmSync(STATE_DIR, { recursive: true, force: true });
const stack = await startStack({
  stateDir: STATE_DIR,
  portOffset: PORT_OFFSET,
  services: ['postgres', 'kafka', 'registry', 'connect'],
  pipeline: false,
});

test('its user is not root and cannot change the code', () => {
  const { stdout } = spawnSync(
    join(checkoutRoot, 'compose', 'images.sh'),
    [
      'run',
      '--',
      'sh',
      '-c',
      'id -u; touch /app/consumers/dist/main.js 2>/dev/null || echo refused',
    ],
    { encoding: 'utf8' },
  );
  assert.is(stdout, '1000\nrefused\n');
});

for (const [name, service] of jobs) {
  test(`the job ${name} does its work`, async () => {
    const container = start(service, containerEnvironment(onStack(service)));
    try {
      await eventually(() => assert.is.not(container.process.exitCode, null), {
        timeoutMs: JOB_TIMEOUT_MS,
        what: `the end of ${name}`,
      });
      assert.is(container.process.exitCode, 0, container.output());
    } finally {
      await container.end();
    }
  });
}

test('the services become healthy', async () => {
  assert.ok(services.length >= 5, `${services.map(([name]) => name)}`);
  const started = services.map(([name, service]) => {
    const env = containerEnvironment(onStack(service), { API_TOKENS: setting });
    const port = `${Number(env.PORT) + PORT_OFFSET}`;
    const container = start(service, { ...env, PORT: port });
    return { name, url: `http://127.0.0.1:${port}/livez`, container };
  });
  try {
    for (const { name, url, container } of started) {
      await eventually(
        async () => {
          assert.is(container.process.exitCode, null, `${name} ended:\n${container.output()}`);
          assert.is((await fetch(url)).status, 200, name);
        },
        { timeoutMs: JOB_TIMEOUT_MS, what: `${name} alive:\n${container.output()}` },
      );
    }
  } finally {
    await Promise.all(started.map(({ container }) => container.end()));
  }
});

/** The environment of a compose service, with this stack's addresses in the place of the containers' names. */
function onStack(service: ComposeService): NonNullable<ComposeService['environment']> {
  const addresses = stackAddresses(stack);
  return Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, value]) => [
      name,
      value === null
        ? null
        : Object.entries(addresses).reduce((text, [from, to]) => text.replaceAll(from, to), value),
    ]),
  );
}

function stackAddresses({ ports }: Stack): Record<string, string> {
  return {
    'postgres:5432': `127.0.0.1:${ports.postgres}`,
    'kafka:19092': `127.0.0.1:${ports.kafka[0]}`,
    'registry:8080': `127.0.0.1:${ports.registry}`,
    'connect:8083': `127.0.0.1:${ports.connect}`,
    'monitor:7070': `127.0.0.1:${ports.monitor}`,
    'producer-api:8000': `127.0.0.1:${ports.producerApi}`,
  };
}

interface Container {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly end: () => Promise<void>;
}

function start(service: ComposeService, env: Record<string, string>): Container {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const child = spawn(
    join(checkoutRoot, 'compose', 'images.sh'),
    ['run', ...settings, '--', ...(service.command ?? [])],
    // A process group of its own: what runs in a container without an engine is a child of the script.
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return {
    process: child,
    output: () => output,
    end: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
      await ended;
    },
  };
}

test.after(() => stack.stop());
test.run();
