// What starting, stopping and killing do to a stack.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive, type ProcessIdentity } from '@shelfcast/local/processes/identity';
import { type StackOptions, startStack } from '@shelfcast/local/stack';
import { liveState, stopAll } from '@shelfcast/local/supervisor/client';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clearOwnStack, ownStack } from '../support/own-stack.ts';

/** Postgres stands for all components: they are supervised by the same code. */
const options: StackOptions = { ...ownStack(), services: ['postgres'] };

const test = suite('the local stack');

test.before(async () => {
  await clearOwnStack();
});

test.after(async () => {
  await stopAll(options.stateDir);
});

test('other users of the machine read neither records nor logs nor passwords', async () => {
  const { stateDir } = options;
  // As an older release made it.
  mkdirSync(join(stateDir, 'kafka'), { recursive: true, mode: 0o755 });
  await startStack({ ...options, services: ['postgres', 'kafka'] });
  try {
    for (const folder of ['kafka', 'logs', 'secrets', join('postgres', 'data')]) {
      assert.is(statSync(join(stateDir, folder)).mode & 0o077, 0, folder);
    }
    for (const file of [join('postgres', 'superuser-password'), join('run', 'stack.json')]) {
      assert.is(statSync(join(stateDir, file)).mode & 0o077, 0, file);
    }
  } finally {
    await stopAll(stateDir);
  }
});

test('a second start changes nothing', async () => {
  const first = await startStack(options);
  const before = running();

  const second = await startStack(options);

  assert.equal(running(), before);
  assert.equal(second.ports, first.ports);
});

test('a component that is killed comes back with its data, and status says so', async () => {
  const stack = await startStack(options);
  await query(stack.urls.postgres('products'), 'create table kept as select 42 as value');
  const killed = stack.pid('postgres');

  stack.kill('postgres');
  await eventually(() => assert.is(stack.restarts('postgres'), 1), {
    timeoutMs: 20_000,
    what: 'the restart',
  });
  await stack.waitHealthy('postgres');

  assert.is.not(stack.pid('postgres'), killed);
  const rows = await query(stack.urls.postgres('products'), 'select value from kept');
  assert.equal(rows, [{ value: 42 }]);
  const status = cli('status');
  assert.match(status.stdout, /postgres: restarted once, last exit by signal SIGKILL/);
  assert.is(status.status, 0);
});

test('what a killed supervisor left is taken over by the next start', async () => {
  const stack = await startStack(options);
  const orphans = running();

  killSupervisor();
  await startStack(options);

  for (const orphan of orphans) assert.not.ok(isAlive(orphan), `${orphan.pid} is gone`);
  assert.type(stack.pid('postgres'), 'number');
});

test('stop ends every process, also those of a killed supervisor', async () => {
  const stack = await startStack(options);
  const orphans = running();

  killSupervisor();
  await stack.stop();

  for (const orphan of orphans) assert.not.ok(isAlive(orphan), `${orphan.pid} is gone`);
  assert.is(cli('status').status, 1);
});

test('a start works after everything was killed at once', async () => {
  // Kafka joins in: it holds locks of its own.
  const both = { ...options, services: ['postgres', 'kafka'] };
  await startStack(both);
  const processes = running();
  killSupervisor();
  for (const { pid } of processes) process.kill(pid, 'SIGKILL');

  const stack = await startStack(both);

  const rows = await query(stack.urls.postgres('products'), 'select value from kept');
  assert.equal(rows, [{ value: 42 }]);
  await stack.stop();
});

test('a taken port is named with who holds it and what moves it, and nothing is left behind', async () => {
  const server = createServer().listen(5_432 + options.portOffset, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const refusal = await startStack(options).then(
    () => '',
    (error: unknown) => String(error),
  );
  server.close();

  assert.match(refusal, `Port ${5_432 + options.portOffset} for Postgres`);
  assert.match(refusal, `pid ${process.pid}`);
  assert.match(refusal, 'POSTGRES_PORT');
  assert.is(liveState(options.stateDir), undefined);
});

test('psql takes SQL as it is, and says no to a database that does not exist', async () => {
  const stack = await startStack(options);

  const answer = cli('psql', { DB: 'products', SQL: `select 'it''s $1' as "a b"` });
  const refusal = cli('psql', { DB: 'prodcuts', SQL: 'select 1' });

  assert.match(answer.stdout, "it's $1");
  assert.is(refusal.status, 1);
  assert.match(refusal.stderr, /no database "prodcuts" here: .*products\|consumers\|monitoring/);
  await stack.stop();
});

/** The children that run, as processes that cannot be confused with later ones. */
function running(): ProcessIdentity[] {
  const state = liveState(options.stateDir);
  assert.ok(state, 'the supervisor runs');
  return state.children.flatMap((child) => child.process ?? []);
}

function killSupervisor(): void {
  const state = liveState(options.stateDir);
  assert.ok(state, 'the supervisor runs');
  process.kill(state.supervisor.pid, 'SIGKILL');
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function cli(command: string, env: Record<string, string> = {}) {
  const entry = fileURLToPath(new URL('../../../local/src/cli.ts', import.meta.url));
  return spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', entry, command], {
    encoding: 'utf8',
    env: { ...process.env, SHELFCAST_STATE_DIR: options.stateDir, ...env },
  });
}

test.run();
