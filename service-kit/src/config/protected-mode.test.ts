import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertBindAllowed, isLoopback } from './protected-mode.ts';

const test = suite('protected mode');

test('knows loopback', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost'])
    assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '1270.0.0.1', 'localhost.example.org']) {
    assert.not(isLoopback(host), host);
  }
});

test('without authentication only loopback is bound', () => {
  assertBindAllowed({ host: '127.0.0.1', authConfigured: false });
  assertBindAllowed({ host: '0.0.0.0', authConfigured: true });
  assert.throws(
    () => assertBindAllowed({ host: '0.0.0.0', authConfigured: false }),
    /HOST: would open the service to the network without authentication/,
  );
});

test.run();
