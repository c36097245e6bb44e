// A supervisor of its own, with children that do nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Component } from '../components/component.ts';
import { signal } from '../processes/identity.ts';
import { waitHealthy } from '../start/wait-healthy.ts';
import { fingerprint } from './changes.ts';
import type { ChildSpec } from './child-spec.ts';
import { addChildren, ensureSupervisor, isUp, liveState, stopAll } from './client.ts';

const test = suite('children of a running supervisor');
const folder = mkdtempSync(join(tmpdir(), 'shelfcast-restart-'));

test.before(() => ensureSupervisor(folder));

test.after(async () => {
  await stopAll(folder);
  rmSync(folder, { recursive: true });
});

function component(
  name: string,
  script: string,
  env: Record<string, string> = {},
): Component & { spec: ChildSpec } {
  return {
    spec: {
      name,
      command: process.execPath,
      args: ['-e', script],
      env,
      cwd: folder,
      logFile: join(folder, `${name}.log`),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
    },
    refusesWithCode1: true,
    check: async () => {},
  };
}

const IDLE = 'setInterval(() => {}, 1000)';
const pid = (name: string) =>
  liveState(folder)?.children.find((child) => child.name === name)?.process?.pid;

test('one whose settings changed is restarted with them, the others are left alone', async () => {
  const monitor = component('monitor', IDLE, { API_TOKENS: 'a' });
  const other = component('other', IDLE);
  assert.equal(addChildren(folder, [monitor.spec, other.spec]), []);
  await Promise.all([monitor, other].map((one) => waitHealthy(folder, one)));
  const before = { monitor: pid('monitor'), other: pid('other') };

  assert.equal(addChildren(folder, [monitor.spec, other.spec]), []);
  const changed = component('monitor', IDLE, { API_TOKENS: 'b' });
  const restarted = addChildren(folder, [changed.spec, other.spec]);
  await waitHealthy(folder, changed, { startedWith: fingerprint(changed.spec) });

  assert.equal(restarted, [{ name: 'monitor', changed: ['API_TOKENS'] }]);
  assert.is.not(pid('monitor'), before.monitor);
  assert.is(pid('other'), before.other);
});

test('one that refuses its settings is given up soon, and starts at once when they are mended', async () => {
  const refusing = component('refusing', 'process.exit(process.env.API_TOKENS ? 1 : 0)', {
    API_TOKENS: 'bad',
  });
  refusing.check = () => Promise.reject(new Error('nothing listens'));
  addChildren(folder, [refusing.spec]);
  const startedAt = Date.now();
  const refusal = await waitHealthy(folder, refusing).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(refusal, /refusing keeps dying.*Last exit: code 1/);
  assert.ok(Date.now() - startedAt < 15_000);

  const mended = component('refusing', IDLE);
  addChildren(folder, [mended.spec]);
  await waitHealthy(folder, mended, { startedWith: fingerprint(mended.spec) });
});

test('a supervisor that is ending does not count as up, though it still runs', async () => {
  const slow = component(
    'slow',
    `process.on('SIGTERM', () => setTimeout(process.exit, 2000)); ${IDLE}; console.log('ready')`,
  );
  addChildren(folder, [slow.spec]);
  await waitHealthy(folder, slow);
  const supervisor = liveState(folder)?.supervisor;
  assert.ok(supervisor);
  assert.ok(isUp(folder));

  signal(supervisor, 'SIGTERM');

  await eventually(() => assert.not.ok(isUp(folder)), { what: 'that it is ending', intervalMs: 5 });
});

test.run();
