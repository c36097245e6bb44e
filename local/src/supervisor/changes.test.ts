import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changedSettings, fingerprint } from './changes.ts';
import type { ChildSpec } from './child-spec.ts';

const test = suite('what makes a running child out of date');

const spec: ChildSpec = {
  name: 'kafka',
  command: '/java',
  args: ['-XX:ArchiveClassesAtExit=/cache/kafka.jsa', 'kafka.Kafka'],
  env: { API_TOKENS: 'a', LOG_LEVEL: 'info' },
  config: { 'message.max.bytes': '1' },
  cwd: '/',
  logFile: '/kafka.log',
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 1_000,
};

test('the same settings in another order are no change, nor is where class data comes from', () => {
  const same: ChildSpec = {
    ...spec,
    args: ['-XX:SharedArchiveFile=/cache/kafka.jsa', 'kafka.Kafka'],
    env: { LOG_LEVEL: 'info', API_TOKENS: 'a' },
  };
  assert.is(fingerprint(same), fingerprint(spec));
  assert.equal(changedSettings(spec, same), []);
});

test('variables and properties that were added, changed or removed are named without their values', () => {
  const changed: ChildSpec = {
    ...spec,
    env: { API_TOKENS: 'b', OIDC_ISSUER: 'x' },
    config: { 'message.max.bytes': '2' },
  };
  assert.equal(changedSettings(spec, changed), [
    'API_TOKENS',
    'LOG_LEVEL',
    'OIDC_ISSUER',
    'message.max.bytes',
  ]);
  assert.is.not(fingerprint(changed), fingerprint(spec));
});

test('another program is a change of its command', () => {
  assert.equal(changedSettings(spec, { ...spec, command: '/other/java' }), ['its command']);
});

test.run();
