// Text from rows does nothing: not to a terminal, not to what stands beside it on a page, and not by its length.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { apiOf } from '../support/api-client.ts';
import { browserSuite, monitorUrl } from '../support/browser.ts';
import { connectPipeline } from '../support/pipeline.ts';
import { type PoisonProduct, poisonProduct } from '../support/poison.ts';

/** Clears a terminal, turns what follows, and hides itself. */
const HOSTILE = 'invoice\u202etxt.exe\u001b[2J\u009b31m\u200b\u2066';
const VISIBLE = 'invoice\\u202etxt.exe\\x1b[2J\\x9b31m\\u200b\\u2066';
/** One value of this length made a page of 42,000 pixels. */
const LONG = 'all work and no play '.repeat(4_000);
const MAX_HEIGHT_PX = 6_000;

const { test, before, after, run } = browserSuite('hostile text');
const pipeline = connectPipeline();
let poison: PoisonProduct | undefined;
let letterId = '';
let paths: readonly string[] = [];

before(async () => {
  poison = await poisonProduct(pipeline, HOSTILE, `${HOSTILE} ${LONG}`);
  letterId = await poison.parked();
  const key = encodeURIComponent(poison.productId);
  const { body } = await apiOf(monitorUrl())('GET', `/api/events?key=${key}&limit=1`);
  const eventId = encodeURIComponent(body.items[0].eventId);
  await apiOf(monitorUrl())('POST', `/api/dead-letters/${letterId}/discard`, {
    reason: HOSTILE,
    dryRun: true,
  });
  paths = [
    '/',
    `/live?key=${key}`,
    `/products?q=${key}`,
    `/products/${key}`,
    `/events/${eventId}`,
    '/dead-letters',
    `/dead-letters/${letterId}`,
    '/audit?dry=1',
  ];
});
after(async () => {
  await poison?.remove(monitorUrl());
  await pipeline.close();
});

/** Texts and labels of the page in which a character acts instead of being seen. */
function actingTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const acting = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u200b\ufeff]/u;
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const labels = node instanceof Element ? ['title', 'aria-label', 'placeholder'] : [];
      const texts =
        node instanceof Element
          ? labels.map((name) => node.getAttribute(name) ?? '')
          : [node.nodeValue ?? ''];
      for (const text of texts) {
        if (acting.test(text)) found.push(`${node.parentElement?.className}: ${text.slice(0, 80)}`);
      }
    }
    return found;
  });
}

test('no view has text that turns, hides or controls what is beside it, or is without end', async ({
  browser,
}) => {
  const { page, faults, go, close } = await browser.open('/');
  const wrong: string[] = [];
  for (const path of paths) {
    await go(path);
    for (const text of await actingTexts(page)) wrong.push(`${path}: ${text}`);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    if (height > MAX_HEIGHT_PX) wrong.push(`${path}: ${height} px`);
  }
  assert.equal(wrong, []);
  assert.equal(faults, []);
  await close();
});

test('a dead letter shows what is hidden in it, and a long value is unfolded by its button', async ({
  browser,
}) => {
  const { page, go, close } = await browser.open('/');
  await go(`/dead-letters/${letterId}`);
  assert.match((await page.locator('h1').textContent()) ?? '', VISIBLE);
  const row = page.getByRole('row', { name: /^product_id/ });
  assert.match((await row.textContent()) ?? '', VISIBLE);
  assert.is(
    await row.locator('bdi', { hasText: VISIBLE }).count(),
    2,
    'before and after are set apart',
  );

  const long = page.locator('bdi', { hasText: 'all work and no play' }).first();
  const folded = ((await long.textContent()) ?? '').length;
  assert.ok(folded < 1_000, `${folded} characters`);
  await page
    .getByRole('button', { name: /^Show all [\d,]+ characters/ })
    .first()
    .click();
  assert.ok(((await long.textContent()) ?? '').length > LONG.length - 10);
  await page.getByRole('button', { name: 'Fold' }).first().click();
  assert.is(((await long.textContent()) ?? '').length, folded);
  await close();
});

test('make dead-letters writes the key of a row, and nothing in it reaches the terminal', async () => {
  const cli = fileURLToPath(new URL('../../../consumers/dist/cli/main.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'dead-letters']);
  assert.match(stdout, VISIBLE);
  assert.not.match(stdout, /(?!\n)[\p{Cc}\p{Bidi_Control}\u200b]/u);
});

run();
