import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import type { Bench } from '@shelfcast/consumers/testing/bench';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerBench } from '../support/consumer-bench.ts';

const test = suite<{ bench: Bench }>('batches whose reports are under way');

test.before(async (context) => {
  context.bench = await openConsumerBench(catalogue);
});
test.before.each(({ bench }) => bench.forget());
test.after(({ bench }) => bench.close());

/** A product's changes, each at the next offset; those of even versions come late and have no effect. */
function makeChanges() {
  const products = changesOf('public.products');
  return [10, 5, 20, 15, 30, 40].map((version) =>
    products.update('P-1', { product_id: 'P-1', name: `v${version}` }, { version }),
  );
}

test('after a crash, all that was not acknowledged is reported as before, and nothing else', async ({
  bench,
}) => {
  const [a, late, b, alsoLate, c, d] = makeChanges();
  if (!a || !late || !b || !alsoLate || !c || !d) throw new Error('six changes');
  assert.equal(await bench.deliver([a, late]), ['processed', 'skipped']);
  const openFrom = a.record.offset;
  assert.equal(await bench.deliver([b, alsoLate], { openFrom }), ['processed', 'skipped']);
  assert.equal(await bench.deliver([c], { openFrom }), ['processed']);

  // all three batches come again, as one
  assert.equal(await bench.deliver([a, late, b, alsoLate, c]), [
    'processed',
    'skipped',
    'processed',
    'skipped',
    'processed',
  ]);

  // the first batch is acknowledged, the others are not
  assert.equal(await bench.deliver([d], { openFrom: b.record.offset }), ['processed']);
  assert.equal(await bench.deliver([a, late, b, alsoLate, c, d]), [
    'reported',
    'reported',
    'processed',
    'skipped',
    'processed',
    'processed',
  ]);
});

test('what is acknowledged is not kept in mind', async ({ bench }) => {
  const changes = makeChanges();
  for (const change of changes) await bench.deliver([change]);
  const { rows } = await bench.pool.query(
    'select next_offset - first_offset as length, skipped_offsets as skipped from runtime.batches',
  );
  assert.equal(rows, [{ length: 1n, skipped: [] }]);
});

test.run();
