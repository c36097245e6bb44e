// An event is sent by the form: what is wrong is said at its field, and its whole way is shown.
import { eventually } from '@shelfcast/service-kit/eventually';
import * as assert from 'uvu/assert';
import { browserSuite } from '../support/browser.ts';
import { createProductIds, giveToDatabase } from '../support/manual-events.ts';
import { connectPipeline, eventuallyProduct } from '../support/pipeline.ts';

const { test, after, run } = browserSuite('sending by the form');
const pipeline = connectPipeline();
const ids = createProductIds();

after(async () => {
  await giveToDatabase(pipeline, ids.all);
  await pipeline.close();
});

test('an event goes to every consumer, and each step of its way is shown', async ({ browser }) => {
  const productId = ids.next();
  const { page, faults, close } = await browser.open('/send?topic=product_updates');
  await page.getByRole('button', { name: 'Fill in the example' }).click();
  await page.getByLabel('product_id').fill(productId);
  await page.getByLabel('price', { exact: true }).fill('19.99');
  const sentAtMs = performance.now();
  await page.getByRole('button', { name: 'Send the event' }).click();
  await page.getByText(/^Complete after/).waitFor();
  const shownMs = performance.now() - sentAtMs;
  const steps = page.getByRole('table', { name: /Every step/ }).getByRole('row');
  const summary = (await steps.allTextContents()).join(' | ').replaceAll(/\s+/g, ' ');
  for (const who of ['published', 'catalogue', 'pricing', 'inventory']) {
    assert.match(summary.toLowerCase(), who, summary);
  }
  assert.not.match(summary, /not yet/);
  await eventuallyProduct(pipeline, productId, (row) => assert.is(row?.price, '19.99'));

  // The same key again is the same event.
  const eventId = await page.locator('dd .mono').first().textContent();
  await page.getByRole('button', { name: 'Send it again' }).click();
  await page.getByText('It was accepted before: the same event').first().waitFor();
  assert.is(await page.locator('dd .mono').first().textContent(), eventId);
  assert.equal(faults, []);
  console.log(`# sent by the form → its complete way on show: ${shownMs.toFixed(0)} ms`);
  await close();
});

test('what the form sees and what only the API sees are both said at their fields', async ({
  browser,
}) => {
  const productId = ids.next();
  const { page, faults, close } = await browser.open('/send?topic=product_discounts');
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') requests.push(request.url());
  });
  const hintOf = async (label: string): Promise<string> => {
    const input = page.getByLabel(label, { exact: true });
    assert.is(await input.getAttribute('aria-invalid'), 'true', label);
    const summary = await input.getAttribute('aria-describedby');
    return (await page.locator(`[id="${summary}"]`).textContent()) ?? '';
  };
  await page.getByRole('button', { name: 'Fill in the example' }).click();
  await page.getByLabel('product_id').fill(productId);
  await page.getByLabel('discount_percentage').fill('120.001');
  await page.getByRole('button', { name: 'Send the event' }).click();
  await eventually(
    async () => assert.match(await hintOf('discount_percentage'), /at most 2 digits/),
    { what: 'the fault of the form' },
  );
  assert.equal(requests, [], 'it is not sent');

  await page.getByLabel('discount_percentage').fill('12.50');
  await page.getByLabel('start_date').fill('2026-02-01T00:00:00Z');
  await page.getByLabel('end_date').fill('2026-01-01T00:00:00Z');
  await page.getByRole('button', { name: 'Send the event' }).click();
  await page.getByRole('alert').getByText('Not accepted.').waitFor();
  assert.is(await hintOf('end_date'), 'must be after start_date.');
  assert.is(
    await page.getByLabel('end_date').evaluate((input) => input === document.activeElement),
    true,
    'it is led to the field',
  );
  await page.getByLabel('end_date').fill('2026-03-01T00:00:00Z');
  await page.getByRole('button', { name: 'Send the event' }).click();
  await page.getByText(/^Complete after/).waitFor();
  assert.equal(faults, []);
  await close();
});

run();
