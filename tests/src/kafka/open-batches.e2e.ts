import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import type { Harness } from '@shelfcast/consumers/testing/harness';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';

const test = suite<{ harness: Harness }>('batches whose reports are under way');

test.before(async (context) => {
  context.harness = await openConsumerHarness(catalogue);
});
test.before.each(({ harness }) => harness.forget());
test.after(({ harness }) => harness.close());

/** A product's changes, each at the next offset; those of even versions come late and have no effect. */
function makeChanges() {
  const products = changesOf('public.products');
  return [10, 5, 20, 15, 30, 40].map((version) =>
    products.update('P-1', { product_id: 'P-1', name: `v${version}` }, { version }),
  );
}

test('after a crash, all that was not acknowledged is reported as before, and nothing else', async ({
  harness,
}) => {
  const [a, late, b, alsoLate, c, d] = makeChanges();
  if (!a || !late || !b || !alsoLate || !c || !d) throw new Error('six changes');
  assert.equal(await harness.deliver([a, late]), ['processed', 'skipped']);
  const openFrom = a.record.offset;
  assert.equal(await harness.deliver([b, alsoLate], { openFrom }), ['processed', 'skipped']);
  assert.equal(await harness.deliver([c], { openFrom }), ['processed']);

  // all three batches come again, as one
  assert.equal(await harness.deliver([a, late, b, alsoLate, c]), [
    'processed',
    'skipped',
    'processed',
    'skipped',
    'processed',
  ]);

  // the first batch is acknowledged, the others are not
  assert.equal(await harness.deliver([d], { openFrom: b.record.offset }), ['processed']);
  assert.equal(await harness.deliver([a, late, b, alsoLate, c, d]), [
    'reported',
    'reported',
    'processed',
    'skipped',
    'processed',
    'processed',
  ]);
});

test('what is acknowledged is not kept in mind', async ({ harness }) => {
  const changes = makeChanges();
  for (const change of changes) await harness.deliver([change]);
  const { rows } = await harness.pool.query(
    'select next_offset - first_offset as length, skipped_offsets as skipped from runtime.batches',
  );
  assert.equal(rows, [{ length: 1n, skipped: [] }]);
});

test.run();
