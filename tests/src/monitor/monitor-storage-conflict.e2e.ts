// Monitors of one group that would store into two databases: the second waits and says so, and takes over.
import { randomBytes } from 'node:crypto';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { readyAnswer } from '../support/monitor-answers.ts';

const WAIT = { timeoutMs: 60_000, intervalMs: 250 };
const test = suite('one store for one group');

async function ingestOf({ url }: TestMonitor): Promise<string | undefined> {
  const answer = await fetch(`${url}/readyz`);
  return readyAnswer.parse(await answer.json()).checks.ingest;
}

test('a second database is refused until the first is left, one more process on the first is welcome', async () => {
  const settings = { MONITORING_GROUP: `one-store-${randomBytes(4).toString('hex')}` };
  const first = await startTestMonitor({ ...settings, INSTANCE_ID: 'first' });
  const open = [first];
  const isStoring = (monitor: TestMonitor) =>
    eventually(async () => assert.is(await ingestOf(monitor), 'ok'), {
      ...WAIT,
      what: 'it stores',
    });
  try {
    await isStoring(first);
    const beside = await startTestMonitor({
      ...settings,
      MONITORING_DATABASE_URL: first.databaseUrl,
    });
    open.push(beside);
    await isStoring(beside);
    const elsewhere = await startTestMonitor(settings);
    open.push(elsewhere);
    await eventually(
      async () => {
        const reason = (await ingestOf(elsewhere)) ?? '';
        assert.match(reason, /^monitor-\w+ at .* stores into another database/);
        assert.match(reason, 'MONITORING_DATABASE_URL');
      },
      { ...WAIT, what: 'it says why it does not store' },
    );
    assert.match(elsewhere.log(), 'stores into another database');
    assert.is(await ingestOf(first), 'ok', 'the first goes on');
    await beside.stop();
    await first.stop();
    await isStoring(elsewhere);
  } finally {
    for (const monitor of open.reverse()) await monitor.close();
  }
});

test.run();
