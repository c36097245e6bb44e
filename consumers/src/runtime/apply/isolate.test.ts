import type { Change } from '@shelfcast/schemas/change';
import { encodePosition } from '@shelfcast/schemas/position';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Delivery } from '../intake/delivery.ts';
import { isolate } from './isolate.ts';

function delivery(key: string, nr: number): Delivery {
  const place = { topic: 't', partition: 0, offset: BigInt(nr) };
  const change: Change = {
    id: `${key}@${nr}`,
    origin: 'cdc',
    instance: 'test',
    entity: 'products',
    key,
    op: 'update',
    before: null,
    after: {},
    occurredAtUs: 0n,
    position: encodePosition({ epoch: 1n, sequence: [0n, BigInt(nr)], snapshot: false }),
    epoch: 1n,
    source: null,
    debeziumAtUs: null,
    brokerAtMs: 0,
    record: place,
  };
  return { change, record: { ...place, key: null, value: null, headers: {}, timestampMs: 0 } };
}

/** Applies all or nothing; what it applied, in order, is in `applied`. */
function database(isBad: (id: string) => boolean) {
  const applied: string[] = [];
  let attempts = 0;
  return {
    applied,
    attempts: () => attempts,
    async attempt(some: readonly Delivery[]) {
      attempts += 1;
      const bad = some.find(({ change }) => isBad(change.id));
      if (bad !== undefined) throw new TypeError(bad.change.id);
      applied.push(...some.map(({ change }) => change.id));
      return some.map(() => 'processed' as const);
    },
  };
}

const run = (
  deliveries: readonly Delivery[],
  { attempt }: Pick<ReturnType<typeof database>, 'attempt'>,
  more: { isOutage?: boolean; isSlow?: boolean; maxFailures?: number } = {},
) =>
  isolate(deliveries, new TypeError('together'), {
    attempt,
    isOutage: () => more.isOutage ?? false,
    isSlow: () => more.isSlow ?? false,
    maxFailures: more.maxFailures ?? 20,
  });
const ids = (some: Iterable<Delivery>) => [...some].map(({ change }) => change.id);

test('one bad key among a thousand costs some twenty transactions, and the others take effect', async () => {
  const deliveries = Array.from({ length: 1_000 }, (_, nr) => delivery(`K-${nr}`, nr));
  const db = database((id) => id.startsWith('K-700@'));
  const found = await run(deliveries, db);
  assert.equal(ids(found.failures.map((failure) => failure.delivery)), ['K-700@700']);
  assert.is(db.applied.length, 999);
  assert.ok(db.attempts() <= 22, `${db.attempts()} attempts`);
});

test('of a key, what precedes the bad change takes effect and what follows it is not tried', async () => {
  const deliveries = ['a', 'b', 'a', 'a', 'b'].map((key, nr) => delivery(key, nr));
  const db = database((id) => id === 'a@2');
  const found = await run(deliveries, db);
  assert.equal(ids(found.outcomes.keys()).sort(), ['a@0', 'b@1', 'b@4']);
  assert.equal(ids(found.behind), ['a@3']);
  assert.equal(
    db.applied.filter((id) => id.startsWith('b')),
    ['b@1', 'b@4'],
  );
});

test('the search ends when too much has failed', async () => {
  const deliveries = Array.from({ length: 100 }, (_, nr) => delivery(`K-${nr}`, nr));
  const found = await run(
    deliveries,
    database(() => true),
    { maxFailures: 5 },
  );
  assert.is(found.failures.length, 5);
  assert.is(found.untried.length, 95);
});

test('an outage ends it at once', async () => {
  const deliveries = [delivery('a', 0), delivery('b', 1)];
  try {
    await run(
      deliveries,
      database(() => true),
      { isOutage: true },
    );
    assert.unreachable();
  } catch (error) {
    assert.instance(error, TypeError);
  }
});

test('what is slow to fail is met twice at most', async () => {
  const deliveries = Array.from({ length: 64 }, (_, nr) => delivery(`K-${nr}`, nr));
  const db = database((id) => id.startsWith('K-9@'));
  let failures = 0;
  const attempt: typeof db.attempt = async (some) => {
    try {
      return await db.attempt(some);
    } catch (error) {
      failures += 1;
      throw error;
    }
  };
  const found = await run(deliveries, { attempt }, { isSlow: true });
  assert.is(found.failures.length, 1);
  assert.is(failures, 1);
});

test.run();
