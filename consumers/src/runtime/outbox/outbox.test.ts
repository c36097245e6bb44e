import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeHeaders, encodeHeaders } from './outbox.ts';

test('text stays readable, and everything comes back byte for byte', () => {
  const headers = {
    plain: 'zażółć 😀',
    empty: '',
    nul: 'a\u0000b',
    bytes: Buffer.from([0, 128, 255]),
    __proto__x: 'fine',
  };
  const text = encodeHeaders(headers);
  assert.is(JSON.parse(text).plain, 'zażółć 😀');
  const back = decodeHeaders(text);
  for (const [name, value] of Object.entries(headers)) {
    assert.equal(Buffer.from(back[name] ?? 'missing'), Buffer.from(value), name);
  }
});

test('a lone surrogate, which Postgres would refuse, goes as the bytes Kafka would get', () => {
  const back = decodeHeaders(encodeHeaders({ odd: 'a\ud800b' }));
  assert.equal(Buffer.from(back.odd ?? ''), Buffer.from('a\ufffdb'));
});

test.run();
