import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { basicAuth, splitCredentials } from './url-credentials.ts';

test('user and password are taken out of an address that may then be shown', () => {
  assert.equal(splitCredentials('http://me:a%40b@127.0.0.1:8083'), {
    url: 'http://127.0.0.1:8083',
    credentials: { username: 'me', password: 'a@b' },
  });
  assert.is(
    splitCredentials('http://me:x@host/apis/ccompat/v7').url,
    'http://host/apis/ccompat/v7',
  );
  assert.equal(splitCredentials('http://127.0.0.1:8083'), {
    url: 'http://127.0.0.1:8083',
    credentials: undefined,
  });
  assert.is(basicAuth({ username: 'me', password: 'x' }), 'Basic bWU6eA==');
});

test.run();
