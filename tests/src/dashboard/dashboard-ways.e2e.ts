// From the overview to the cause and the fix in three clicks at most, for what goes wrong most.
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Locator, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { apiOf } from '../support/api-client.ts';
import { browserSuite, monitorUrl } from '../support/browser.ts';
import { fromEnvironment } from '../support/environment.ts';
import { connectPipeline, eventuallyProduct } from '../support/pipeline.ts';
import { type PoisonProduct, poisonProduct } from '../support/poison.ts';

const MAX_CLICKS = 3;
const { test, before, after, run } = browserSuite('ways from the overview');
const pipeline = connectPipeline();
const connect = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
const connectorConfig = await connect.config(CONNECTOR);
let poison: PoisonProduct | undefined;

before(async () => {
  // By the time of its test it was tried in vain to the end.
  poison = await poisonProduct(pipeline);
});
after(async () => {
  await pipeline.products.query('alter role debezium login');
  if (connectorConfig !== undefined) await connect.putConfig(CONNECTOR, connectorConfig);
  await untilTaskRuns();
  await apiOf(monitorUrl())('POST', '/api/consumers/pricing/resume', {});
  await poison?.remove(monitorUrl());
  await pipeline.close();
});

async function untilTaskRuns(): Promise<void> {
  await eventually(
    async () => {
      const status = await connect.status(CONNECTOR);
      assert.equal(
        status?.tasks.map(({ state }) => state),
        ['RUNNING'],
      );
    },
    { timeoutMs: 60_000, intervalMs: 200, what: 'the task runs' },
  );
}

/** Clicks, and counts: no way has more than three. */
function clicker(): { click(target: Locator): Promise<void>; count(): number } {
  let count = 0;
  return {
    async click(target) {
      await target.click();
      count += 1;
      assert.ok(count <= MAX_CLICKS, `${count} clicks`);
    },
    count: () => count,
  };
}

const box = (page: Page, id: string): Locator => page.locator(`[data-node="${id}"]`);

/** Waits until a box of the map is in one of these states. */
async function untilBox(page: Page, id: string, states: readonly string[]): Promise<void> {
  const any = states.map((state) => `[data-node="${id}"][data-status="${state}"]`).join(', ');
  await page.locator(any).waitFor({ timeout: 120_000 });
}

test('a consumer that is paused', async ({ browser }) => {
  const reason = 'until the price list is checked';
  const paused = await apiOf(monitorUrl())('POST', '/api/consumers/pricing/pause', { reason });
  assert.is(paused.status, 200, JSON.stringify(paused.body));
  const { page, faults, go, close } = await browser.open('/');
  const { click, count } = clicker();
  await untilBox(page, 'pricing', ['warn', 'bad']);
  await click(box(page, 'pricing'));
  await page.getByText(reason).waitFor(); // the cause
  await click(page.getByRole('button', { name: 'Resume pricing' }));
  const confirm = page.getByRole('dialog').getByRole('button', { name: /^Resume/ });
  const resumed = async (): Promise<boolean> => {
    const { body } = await apiOf(monitorUrl())('GET', '/api/consumers');
    return body.items.find(({ name }: { name: string }) => name === 'pricing').paused === null;
  };
  await eventually(async () => (await confirm.isVisible()) || (await resumed()), {
    what: 'it is asked, or done',
  });
  if (await confirm.isVisible()) await click(confirm);
  await eventually(resumed, { what: 'pricing goes on' });
  await go('/');
  await untilBox(page, 'pricing', ['ok']);
  assert.equal(faults, []);
  console.log(`# a paused consumer: ${count()} clicks from the overview to cause and fix`);
  await close();
});

test('a task that failed', async ({ browser }) => {
  assert.ok(connectorConfig);
  await connect.putConfig(CONNECTOR, { ...connectorConfig, 'errors.max.retries': '0' });
  await pipeline.products.query('alter role debezium nologin');
  await pipeline.products.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'debezium'`,
  );
  const { page, faults, go, close } = await browser.open('/');
  const { click, count } = clicker();
  await untilBox(page, 'connector', ['bad']);
  await click(box(page, 'connector'));
  await page
    .getByText(/not permitted to log in/)
    .first()
    .waitFor({ state: 'attached' }); // the cause
  await pipeline.products.query('alter role debezium login');
  await click(page.getByRole('button', { name: /^Restart/ }));
  await click(page.getByRole('dialog').getByRole('button', { name: /^Restart/ }));
  await untilTaskRuns();
  await go('/');
  await untilBox(page, 'connector', ['ok']);
  await untilBox(page, 'database', ['ok']);
  assert.equal(faults, []);
  console.log(`# a failed task: ${count()} clicks from the overview to cause and fix`);
  await close();
});

test('a product that a consumer cannot apply, and then all is well', async ({ browser }) => {
  assert.ok(poison);
  const { productId, name, error } = poison;
  await poison.parked('dead');
  const { page, faults, go, close } = await browser.open('/');
  const { click, count } = clicker();
  await untilBox(page, 'catalogue effect', ['bad']);
  await click(box(page, 'catalogue effect'));
  await page.getByRole('list', { name: 'Causes' }).getByText(error).first().waitFor(); // the cause
  await poison.remedy();
  const cause = page.getByRole('listitem').filter({ hasText: error });
  await click(cause.getByRole('button', { name: /^Redrive it/ }));
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Dry run:').waitFor();
  await click(dialog.getByRole('button', { name: /^Redrive/ }));
  await eventuallyProduct(pipeline, productId, (row) => assert.is(row?.name, name));
  await go('/');
  for (const id of ['database', 'connector', 'kafka', 'catalogue', 'pricing', 'inventory']) {
    await untilBox(page, id, ['ok']);
  }
  await untilBox(page, 'catalogue effect', ['ok']);
  await page.getByText('Every change reaches every consumer.').waitFor();
  assert.equal(faults, []);
  console.log(`# a poison product: ${count()} clicks from the overview to cause and fix`);
  await close();
});

run();
