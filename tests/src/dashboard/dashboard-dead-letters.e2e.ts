// Dead letters are found, edited and redriven, or discarded together, by keyboard alone.
import { randomBytes } from 'node:crypto';
import { eventually } from '@shelfcast/service-kit/eventually';
import * as assert from 'uvu/assert';
import { apiOf } from '../support/api-client.ts';
import { browserSuite, monitorUrl } from '../support/browser.ts';
import { tabTo } from '../support/keys.ts';
import { connectPipeline, eventuallyProduct } from '../support/pipeline.ts';
import { type PoisonProduct, poisonProduct } from '../support/poison.ts';

const { test, before, after, run } = browserSuite('dead letters by keyboard');
const pipeline = connectPipeline();
let poison: PoisonProduct | undefined;

before(async () => {
  poison = await poisonProduct(pipeline);
});
after(async () => {
  await poison?.remove(monitorUrl());
  await pipeline.close();
});

test('found, edited against its contract, redriven, and in the audit', async ({ browser }) => {
  assert.ok(poison);
  const { productId, name, error } = poison;
  const letterId = await poison.parked();
  const edited = `by keyboard ${productId}`;
  const { page, faults, close } = await browser.open('/');
  const { keyboard } = page;

  await keyboard.press('g');
  await keyboard.press('d');
  await page.getByRole('heading', { level: 1, name: 'Dead letters' }).waitFor();
  await page.locator('tbody tr', { hasText: productId }).waitFor();
  await tabTo(page, '[aria-label="Filter by key or message"]');
  await keyboard.type(productId);
  await eventually(async () => assert.is(await page.locator('tbody tr').count(), 1), {
    what: 'one row',
  });
  assert.match((await page.getByRole('list', { name: 'Causes' }).textContent()) ?? '', error);
  await tabTo(page, 'tr', productId);
  await keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: productId }).waitFor();
  assert.match(page.url(), new RegExp(`/dead-letters/${letterId}$`));

  await keyboard.press('e');
  const input = page.getByRole('textbox', { name: 'name', exact: true });
  await eventually(
    async () => assert.ok(await input.evaluate((one) => one === document.activeElement)),
    { what: 'the focus in the column that changed' },
  );
  assert.is(await input.inputValue(), name);
  // What the contract does not take is said at its column, and goes nowhere.
  await tabTo(page, 'input[id$="-price"]');
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('a lot');
  await keyboard.press('Enter');
  await page.locator('input[id$="-price"][aria-invalid="true"]').waitFor();
  assert.is(await page.getByRole('dialog').count(), 0);
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('2.50');
  for (let stops = 0; stops < 20; stops += 1) {
    if (await input.evaluate((one) => one === document.activeElement)) break;
    await keyboard.press('Shift+Tab');
  }
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type(edited);
  await keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Dry run:').waitFor();
  assert.match((await dialog.getByLabel('Edited columns').textContent()) ?? '', edited);
  await tabTo(page, 'button:not(:disabled)', 'Redrive it as edited');
  await keyboard.press('Enter');

  await page.getByText(`catalogue has applied the change of ${productId}`).waitFor();
  await eventuallyProduct(pipeline, productId, (row) =>
    assert.equal([row?.name, row?.price], [edited, '2.50']),
  );
  const { body } = await apiOf(monitorUrl())('GET', '/api/audit?limit=50');
  const deed = body.items.find(
    ({ target }: { target: string }) => target === `catalogue/${letterId}`,
  );
  assert.equal([deed?.action, deed?.outcome], ['redrive', 'done']);
  await keyboard.press('g');
  await keyboard.press('u');
  await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
  await page.locator('main').getByText(letterId).first().waitFor();
  assert.equal(faults, []);
  await close();
});

test('several are chosen by a filter and discarded together, with a reason', async ({
  browser,
}) => {
  const batch = `${randomBytes(3).toString('hex')}-`;
  const products = [await poisonProduct(pipeline, batch), await poisonProduct(pipeline, batch)];
  try {
    const ids = await Promise.all(products.map((one) => one.parked()));
    const { page, faults, close } = await browser.open('/dead-letters');
    const { keyboard } = page;
    await tabTo(page, '[aria-label="Filter by key or message"]');
    await keyboard.type(batch);
    await eventually(async () => assert.is(await page.locator('tbody tr').count(), 2), {
      what: 'two rows',
    });
    await tabTo(page, 'button', 'Choose all 2');
    await keyboard.press('Enter');
    await tabTo(page, 'button', 'Discard 2');
    await keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 changes would be given up').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Discard 2 changes' });
    assert.ok(await confirm.isDisabled(), 'not without a reason');
    await tabTo(page, 'input[required]');
    await keyboard.type('made by a test');
    await keyboard.press('Enter');
    await page.getByText('2 dead letters are discarded.').first().waitFor();
    await page
      .getByText('No dead letter fits this filter')
      .or(page.getByText('Nothing waits here'))
      .waitFor();

    const { body } = await apiOf(monitorUrl())('GET', '/api/audit?action=discard&limit=50');
    const deeds = body.items.filter(({ request }: { request: { ids: string[] } }) =>
      ids.every((id) => request.ids.includes(id)),
    );
    assert.equal(
      deeds.map(({ request, outcome }: { request: Record<string, unknown>; outcome: string }) => [
        request.dryRun ?? false,
        request.reason,
        outcome,
      ]),
      [
        [false, 'made by a test', 'done'],
        [true, 'dry run', 'done'],
      ],
    );
    assert.equal(faults, []);
    await close();
  } finally {
    for (const one of products) await one.remove(monitorUrl());
  }
});

run();
