import type { DeadLetterItem } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../event/testing.ts';
import { changesOf, standings } from './standing.ts';

const test = suite('standing');
const readers = new Map([['pis.public.products', ['catalogue', 'pricing']]]);
const SECOND_US = 1_000_000;
const of = (eventId: string, second: number, given: Parameters<typeof report>[0]) =>
  report({
    eventId,
    occurredAtUs: second * SECOND_US,
    atUs: second * SECOND_US + 9_000,
    ...given,
  });
const captured = (eventId: string, second: number) =>
  of(eventId, second, { stage: 'captured', service: 'capture' });

test('changes are in the order of their commits, from any reporter', () => {
  const rows = changesOf(
    [of('b', 2, { service: 'pricing' }), captured('b', 2), captured('a', 1)],
    [captured('c', 3), of('a', 1, { service: 'catalogue' })],
  );
  assert.equal(
    rows.map(({ eventId }) => eventId),
    ['c', 'b', 'a'],
  );
  assert.equal(rows[2]?.steps, { catalogue: 'done' });
});

test('through with the newest is up to date; otherwise it says by how many it is behind', () => {
  const rows = changesOf(
    [
      of('c', 3, { service: 'catalogue' }),
      captured('c', 3),
      captured('b', 2),
      of('a', 1, { service: 'pricing' }),
      captured('a', 1),
    ],
    [],
  );
  const soon = standings({ rows, readers, deadLetters: [], nowMs: 3_500 });
  assert.equal(
    soon.map(({ service, word, status }) => `${service} ${word} ${status}`),
    ['catalogue up to date ok', 'pricing 2 changes behind ok'],
  );
  const late = standings({ rows, readers, deadLetters: [], nowMs: 60_000 })[1];
  assert.is(late?.status, 'bad');
  assert.is(late?.action?.href, '/consumers');
  assert.is(late?.through?.eventId, 'a');
});

test('a dead letter says why, what waits behind it, and where to mend it', () => {
  const held: DeadLetterItem = {
    id: '7',
    consumer: 'pricing',
    entity: 'products',
    key: 'P-1',
    state: 'dead',
    attempts: 6,
    redrives: 0,
    parkedAt: '',
    nextAttemptAt: null,
    errorType: 'CheckViolation',
    errorMessage: 'price is not plausible',
    waiting: 3,
    eventId: 'b',
    topic: 'pis.public.products',
    partition: 0,
    offset: '1',
  };
  const rows = changesOf([captured('b', 2)], []);
  const [, pricing] = standings({ rows, readers, deadLetters: [held], nowMs: 9_000 });
  assert.is(pricing?.word, 'dead letter');
  assert.is(
    pricing?.summary,
    'CheckViolation: price is not plausible. 2 later changes wait behind it. It is not tried again by itself.',
  );
  assert.is(pricing?.action?.href, '/dead-letters/7');
});

test.run();
