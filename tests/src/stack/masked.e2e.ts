// MASKED_FIELDS: what errors quote of a masked column is told nowhere, in reports, dead letters and logs.
import { listDeadLetters } from '@shelfcast/consumers/operations/dead-letters';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openProbeHarness, type ProbeHarness } from '../support/probe/harness.ts';

const test = suite<{ harness: ProbeHarness }>('masked fields');

test.before(async (context) => {
  context.harness = await openProbeHarness({ MASKED_FIELDS: 'name' });
  await context.harness.start();
});
test.after(({ harness }) => harness.close());

test('an error that quotes a masked value is told without it, at each attempt', async ({
  harness,
}) => {
  await harness.fault('K-1', 'fails');
  await harness.write([{ key: 'K-1', version: 1, note: 'note of K-1' }]);
  const letter = await eventually(
    async () => {
      const [found] = await listDeadLetters(harness.pool, { consumer: harness.name, limit: 1 });
      return found !== undefined && found.attempts > 1 ? found : false;
    },
    { timeoutMs: 60_000, intervalMs: 200, what: 'it was tried again' },
  );
  const told = 'K-1, noted "•••", cannot be applied';
  assert.equal([letter.errorType, letter.errorMessage], ['TypeError', told]);
  await eventually(
    async () => {
      const failed = (await harness.reports()).filter(({ stage }) => stage === 'failed');
      assert.ok(failed.length > 1);
      assert.equal(new Set(failed.map(({ error }) => error?.message)), new Set([told]));
    },
    { timeoutMs: 30_000, intervalMs: 500, what: 'the failures are reported' },
  );
  assert.not.match(harness.logs(), 'note of');
});

test('when most changes fail, what is said of one of them quotes it neither', async ({
  harness,
}) => {
  await harness.fault('*', 'fails');
  const edits = Array.from({ length: 200 }, (_, nr) => ({
    key: `M-${nr}`,
    version: 1,
    note: `note of M-${nr}`,
  }));
  await harness.write(edits);
  await eventually(async () => assert.match(await harness.unreadyReason(), /most changes fail/), {
    timeoutMs: 20_000,
    intervalMs: 200,
    what: 'the pause is said',
  });
  assert.not.match(await harness.unreadyReason(), 'note of');
  assert.not.match(harness.logs(), 'note of');
  await harness.remedy('*');
  await harness.remedy('K-1');
  await harness.reached(edits, 60_000);
});

test.run();
