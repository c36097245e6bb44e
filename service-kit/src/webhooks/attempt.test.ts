import { Webhook } from 'standardwebhooks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { retryAfterMs, signedHeaders } from './attempt.ts';
import { webhookUrl } from './webhook-url.ts';

const message = {
  url: 'https://example.com/hook',
  secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  webhookId: '48e71a80-41ab-85c6-af4c-ff1048f2f428',
  body: '{"name":"Stühle – 5 €"}',
};

test('headers verify with the public library, and only with body, id and secret they were made for', () => {
  const headers = signedHeaders(message, Date.now());
  const verifier = new Webhook(message.secret);
  assert.equal(verifier.verify(message.body, headers), JSON.parse(message.body));
  assert.throws(() => verifier.verify(`${message.body} `, headers));
  assert.throws(() => verifier.verify(message.body, { ...headers, 'webhook-id': 'another' }));
  const stranger = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`);
  assert.throws(() => stranger.verify(message.body, headers));
});

test('Retry-After in seconds and as a date', () => {
  assert.is(retryAfterMs('120', 0), 120_000);
  assert.is(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 20_000), 40_000);
  for (const useless of [undefined, '0', '-1', 'soon', ['1', '2']]) {
    assert.is(retryAfterMs(useless, 0), null);
  }
});

test('URLs: http and https, without a password', () => {
  assert.is(webhookUrl('https://example.com:8443/a?b=c').port, '8443');
  for (const url of [
    'ftp://example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'example.com',
    '',
  ]) {
    assert.throws(() => webhookUrl(url), /not a URL|needs http/, url);
  }
  assert.throws(() => webhookUrl('https://user:secret@example.com'), /user or password/);
});

test.run();
