import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hrefOf, matchRoute, patchQuery } from './routes.ts';

const test = suite('routes');

test('every address leads back to its view, with any characters in its id', () => {
  for (const id of ['P-1', 'a/b', 'pis.public.products', '50 % off?', 'größe#1']) {
    assert.equal(matchRoute(hrefOf('product', { id })), { name: 'product', id });
  }
  assert.equal(matchRoute('/'), { name: 'overview', id: '' });
  assert.equal(matchRoute('/dead-letters/'), { name: 'deadLetters', id: '' });
});

test('other paths are no view', () => {
  for (const path of ['/nothing', '/products/1/2', '/products/%E0%A4%A']) {
    assert.is(matchRoute(path), undefined, path);
  }
});

test('a patch changes what it names and removes what it empties', () => {
  const query = new URLSearchParams('range=1h&topic=a');
  assert.is(
    patchQuery(query, { topic: null, key: 'P 1', page: 2 }).toString(),
    'range=1h&key=P+1&page=2',
  );
  assert.is(query.toString(), 'range=1h&topic=a');
  assert.is(hrefOf('live', { query: { q: '', stage: undefined } }), '/live');
});

test.run();
