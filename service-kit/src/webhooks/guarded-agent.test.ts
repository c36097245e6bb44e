import type { LookupAddress } from 'node:dns';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_PRIVATE } from './address-policy.ts';
import { guardedLookup } from './guarded-agent.ts';

const found = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

function look(addresses: LookupAddress[], wanted: { all?: boolean; family?: number } = {}) {
  const lookup = guardedLookup({
    allowed: NO_PRIVATE,
    resolve: (_, done) => done(null, addresses),
  });
  return new Promise<unknown[]>((resolve) => {
    lookup('example.com', wanted, (...given) => resolve(given));
  });
}

test('gives the addresses it has judged, in the form that is asked for', async () => {
  const both = found('8.8.8.8', '2606:4700::1111');
  assert.equal(await look(both, { all: true }), [null, both]);
  assert.equal(await look(both), [null, '8.8.8.8', 4]);
  assert.equal(await look(both, { family: 6 }), [null, '2606:4700::1111', 6]);
});

test('one private address is enough to refuse a name', async () => {
  const [error, addresses] = await look(found('8.8.8.8', '10.0.0.1'), { all: true });
  assert.match(String(error), 'example.com must not be called: 10.0.0.1 is private');
  assert.equal(addresses, []);
});

test('a name without addresses is an error', async () => {
  const [error] = await look([]);
  assert.match(String(error), 'has no address');
});

test.run();
