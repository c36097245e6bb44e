import { EventEmitter } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { loadConfig } from '../config/config.ts';
import { serviceSettings } from '../config/settings.ts';
import { eventually } from '../eventually.ts';
import { runMain } from './run-main.ts';

const test = suite('runMain');

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  errors = '';
  readonly stderr = {
    write: (text: string) => {
      this.errors += text;
    },
  };
  exit(code: number): void {
    this.exits.push(code);
  }
}

const schema = z.object(serviceSettings({ port: 7070 }));
const readConfig = () => loadConfig(schema, { env: { LOG_LEVEL: 'silent' } });
const exited = (process: FakeProcess) =>
  eventually(() => process.exits.length > 0, { what: 'the exit' });

test('a signal closes what was opened and exits 0', async () => {
  const process = new FakeProcess();
  let closed = false;
  await runMain({
    process,
    service: 'test',
    readConfig,
    start: async ({ lifecycle }) => {
      lifecycle.onStop('part', () => {
        closed = true;
      });
    },
  });

  process.emit('SIGTERM');
  await exited(process);

  assert.ok(closed);
  assert.equal(process.exits, [0]);
});

test('a second signal does not wait', async () => {
  const process = new FakeProcess();
  await runMain({
    process,
    service: 'test',
    readConfig,
    deadlineMs: 500,
    start: async ({ lifecycle }) => lifecycle.onStop('hanging', () => new Promise(() => {})),
  });

  process.emit('SIGINT');
  assert.equal(process.exits, []);
  process.emit('SIGINT');

  assert.equal(process.exits, [1]);
});

test('wrong settings are one message and exit code 1', async () => {
  const process = new FakeProcess();
  await runMain({
    process,
    service: 'test',
    readConfig: () => loadConfig(schema, { env: { PORT: 'x' } }),
    start: () => Promise.reject(new Error('must not be started')),
  });

  assert.match(process.errors, /^test: a setting is wrong:\n {2}PORT: /);
  assert.equal(process.exits, [1]);
});

test('a failed start closes what was opened before it, and exits 1', async () => {
  const process = new FakeProcess();
  let closed = false;
  await runMain({
    process,
    service: 'test',
    readConfig,
    start: ({ lifecycle }) => {
      lifecycle.onStop('part', () => {
        closed = true;
      });
      return Promise.reject(new Error('no broker'));
    },
  });
  await exited(process);

  assert.ok(closed);
  assert.equal(process.exits, [1]);
});

for (const event of ['unhandledRejection', 'uncaughtException']) {
  test(`${event} stops in order and exits 1`, async () => {
    const process = new FakeProcess();
    let closed = false;
    await runMain({
      process,
      service: 'test',
      readConfig,
      start: async ({ lifecycle }) =>
        lifecycle.onStop('part', () => {
          closed = true;
        }),
    });

    process.emit(event, new Error('bug'));
    await exited(process);

    assert.ok(closed);
    assert.equal(process.exits, [1]);
  });
}

test.run();
