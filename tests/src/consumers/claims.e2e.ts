import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import {
  claimPositions,
  ensureFloors,
} from '@shelfcast/consumers/internals/runtime/positions/claim';
import { guardKey } from '@shelfcast/consumers/internals/runtime/positions/classify';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import type { Harness } from '@shelfcast/consumers/testing/harness';
import type { Change } from '@shelfcast/schemas/change';
import { inPipelinedTransaction } from '@shelfcast/service-kit/postgres/pipelined-transaction';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { PoolClient } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';

const test = suite<{ harness: Harness }>('claims of consumers that share a transaction');

test.before(async (context) => {
  context.harness = await openConsumerHarness(catalogue);
  await inTransaction(context.harness.pool, async (tx) => {
    for (const consumer of ['a', 'b']) await ensureFloors(tx, consumer, ['products']);
  });
});
test.after(({ harness }) => harness.close());

/** What each consumer is told when all claim in one turn, and how many statements that took. */
async function claimTogether(
  { pool }: Harness,
  wanted: Readonly<Record<string, readonly Change[]>>,
) {
  return await inPipelinedTransaction(
    pool,
    async ({ client, begun }) => {
      let statements = 0;
      const counted: PoolClient = new Proxy(client, {
        get(target, name, receiver) {
          if (name === 'query') statements += 1;
          return Reflect.get(target, name, receiver);
        },
      });
      const claims = Object.entries(wanted).map(async ([consumer, changes]) => {
        const { known } = await claimPositions(counted, consumer, changes, () => undefined);
        const { guards, floors, batches } = await known;
        return {
          guards: Object.fromEntries(guards),
          floors: [...floors.keys()],
          nextOffsets: [...batches.values()].map(({ nextOffset }) => nextOffset),
        };
      });
      const told = await Promise.all(claims);
      await begun;
      return { statements, told };
    },
    { timeoutMs: 10_000 },
  );
}

test('they are one statement, and each is told of its own', async ({ harness }) => {
  const products = changesOf('public.products');
  const [one, two, three] = [10, 20, 30].map((version) =>
    products.update('P-1', { product_id: 'P-1' }, { version }),
  );
  if (!one || !two || !three) throw new Error('three changes');
  const nothing = { guards: {}, floors: ['products'], nextOffsets: [] };
  assert.equal(await claimTogether(harness, { b: [one], a: [one, two] }), {
    statements: 1,
    told: [nothing, nothing],
  });
  const key = guardKey('products', 'P-1');
  assert.equal(await claimTogether(harness, { a: [three], b: [two] }), {
    statements: 1,
    told: [
      { ...nothing, guards: { [key]: two.position }, nextOffsets: [two.record.offset + 1n] },
      { ...nothing, guards: { [key]: one.position }, nextOffsets: [one.record.offset + 1n] },
    ],
  });
});

test.run();
