import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ConnectionEvent,
  type ConnectionState,
  describeConnection,
  nextConnection,
} from './connection-state.ts';

const test = suite('connection state');

const after = (...events: ConnectionEvent[]): ConnectionState =>
  events.reduce(nextConnection, { name: 'connecting' });

test('a loss lasts from its first moment until what was missed has come', () => {
  const lost = after(
    { type: 'subscribed' },
    { type: 'lost', atMs: 1_000 },
    { type: 'lost', atMs: 9_000 },
  );
  assert.equal(lost, { name: 'disconnected', sinceMs: 1_000 });
  assert.match(describeConnection(lost, 13_400) ?? '', 'Disconnected for 12 s.');
  const back = nextConnection(lost, { type: 'subscribed' });
  assert.is(back.name, 'catchingUp');
  assert.is(nextConnection(back, { type: 'batch', catchingUp: true }), back);
  assert.equal(nextConnection(back, { type: 'batch', catchingUp: false }), { name: 'live' });
});

test('a loss while catching up is still the same loss', () => {
  const state = after(
    { type: 'lost', atMs: 5 },
    { type: 'subscribed' },
    { type: 'lost', atMs: 900 },
  );
  assert.equal(state, { name: 'disconnected', sinceMs: 5 });
});

test('nothing is said while all is well', () => {
  assert.is(describeConnection(after(), 0), undefined);
  assert.is(describeConnection(after({ type: 'subscribed' }), 0), undefined);
  const refused = after({ type: 'refused', reason: 'sign in' });
  assert.match(describeConnection(refused, 0) ?? '', 'sign in');
  assert.equal(nextConnection(refused, { type: 'retrying' }), { name: 'connecting' });
});

test.run();
