import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Claim, NamedEvent, SettledEvent } from '../idempotency/key-store.ts';
import type { AcceptedEvent, Receipt } from './event.ts';
import { createIntake } from './intake.ts';

const event = (id: string): AcceptedEvent => ({
  id,
  topic: 't',
  key: null,
  value: {},
  bytes: Buffer.alloc(0),
  headers: {},
  caller: 'me',
  source: undefined,
  sourceId: undefined,
  type: undefined,
  subject: undefined,
  acceptedAtUs: 5n,
  traceId: undefined,
  parentSpanId: undefined,
});
const receipt = (id: string): Receipt => ({
  id,
  topic: 't',
  partition: 0,
  offset: 1,
  timestamp: '',
});
const name = { key: 'k', item: 0, fingerprint: Buffer.alloc(0) };
const unavailable = new KafkaError('away', { code: 'UNAVAILABLE', retriable: true });

/** An intake whose claims come out as given, one per call. */
function given(
  claims: Claim[],
  publish: (event: AcceptedEvent) => Receipt | KafkaError = ({ id }) => receipt(id),
) {
  const published: AcceptedEvent[] = [];
  const settled: SettledEvent[] = [];
  const intake = createIntake({
    publisher: {
      async publish(events) {
        published.push(...events);
        return events.map(publish);
      },
    },
    keys: {
      claim: async (_caller: string, events: readonly NamedEvent[]) =>
        events.map(() => claims.shift() ?? { kind: 'busy' }),
      settle: async (_caller: string, events: readonly SettledEvent[]) => {
        settled.push(...events);
      },
    },
    waitMs: 40,
    log: silentLogger(),
  });
  return { intake, published, settled };
}

test('an event without a name is written as it is', async () => {
  const { intake, settled } = given([]);
  const fates = await intake.submit('me', [{ event: event('a'), name: undefined }]);
  assert.equal(fates, [{ outcome: receipt('a'), replayed: false }]);
  assert.equal(settled, []);
});

test('a second attempt writes under the id and time of the first', async () => {
  const { intake, published, settled } = given([
    { kind: 'mine', lease: 'l', eventId: 'first', acceptedAtUs: 1n },
  ]);
  const [fate] = await intake.submit('me', [{ event: event('second'), name }]);
  assert.equal(fate?.outcome, receipt('first'));
  assert.equal(
    published.map(({ id, acceptedAtUs }) => [id, acceptedAtUs]),
    [['first', 1n]],
  );
  assert.equal(settled, [{ key: 'k', item: 0, lease: 'l', receipt: receipt('first') }]);
});

test('what was not acknowledged is given back without a receipt', async () => {
  const { intake, settled } = given(
    [{ kind: 'mine', lease: 'l', eventId: 'a', acceptedAtUs: 1n }],
    () => unavailable,
  );
  const [fate] = await intake.submit('me', [{ event: event('a'), name }]);
  assert.is(fate?.outcome, unavailable);
  assert.equal(settled, [{ key: 'k', item: 0, lease: 'l', receipt: undefined }]);
});

test('who comes second waits for the first, and has its receipt', async () => {
  const { intake, published } = given([
    { kind: 'busy' },
    { kind: 'done', receipt: receipt('first') },
  ]);
  const fates = await intake.submit('me', [{ event: event('second'), name }]);
  assert.equal(fates, [{ outcome: receipt('first'), replayed: true }]);
  assert.equal(published, []);
});

test('who waits in vain is told to come back; another content is a conflict', async () => {
  const busy = given([]);
  const [late] = await busy.intake.submit('me', [{ event: event('a'), name }]);
  assert.is(
    late?.outcome instanceof Error && late.outcome.message,
    'The first request with this key is still under way',
  );
  const { intake } = given([{ kind: 'conflict' }]);
  const [fate] = await intake.submit('me', [{ event: event('a'), name }]);
  assert.match(fate?.outcome instanceof Error ? fate.outcome.message : '', 'another content');
});

test.run();
