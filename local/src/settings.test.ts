import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSettings } from './settings.ts';

const test = suite('settings of the local stack');

test('nothing has to be set', () => {
  const settings = readSettings({});
  assert.is(settings.brokers, 1);
  assert.is(settings.capture.replicationFactor, 1);
  assert.is(settings.ports.kafka[0], 9092);
  assert.match(settings.stateDir, /\.shelfcast\/stack$/);
});

test('three brokers keep three copies', () => {
  const settings = readSettings({ BROKERS: '3' });
  assert.is(settings.ports.kafka.length, 3);
  assert.is(settings.capture.replicationFactor, 3);
});

test('an empty variable counts as unset', () => {
  assert.is(readSettings({ PORT_OFFSET: '' }).portOffset, 0);
});

test('every wrong variable is named', () => {
  assert.throws(
    () => readSettings({ BROKERS: '2', KAFKA_PORT: 'ninety', PORT_OFFSET: '-1' }),
    (error: Error) =>
      ['BROKERS', 'KAFKA_PORT', 'PORT_OFFSET'].every((name) => error.message.includes(name)),
  );
});

test('with tokens no role of Postgres has a password that the README tells', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'shelfcast-settings-'));
  try {
    const env = { SHELFCAST_STATE_DIR: stateDir };
    const open = readSettings(env);
    assert.equal([open.owner.password, open.debeziumPassword], ['shelfcast', 'debezium']);
    for (const setting of ['API_TOKENS', 'OIDC_ISSUER']) {
      const own = readSettings(env, {}, { [setting]: 'x' });
      const again = readSettings({ ...env, [setting]: 'x' });
      for (const [password, file, same] of [
        [own.owner.password, 'database', again.owner.password],
        [own.debeziumPassword, 'debezium', again.debeziumPassword],
      ] as const) {
        assert.match(password, /^[\w-]{32}$/);
        assert.is(password, same, 'it stays');
        assert.is(readFileSync(join(stateDir, 'secrets', file), 'utf8').trim(), password);
        assert.is(statSync(join(stateDir, 'secrets', file)).mode & 0o077, 0);
      }
    }
    const given = { ...env, API_TOKENS: 'x', DATABASE_PASSWORD: 'mine' };
    assert.is(readSettings(given).owner.password, 'mine');
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

test.run();
