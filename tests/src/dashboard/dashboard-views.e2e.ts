// Every view as people get it: readable by everybody, on any screen, at the same address again, and quickly.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { apiOf } from '../support/api-client.ts';
import { browserSuite, dashboardUrl, monitorUrl } from '../support/browser.ts';
import { connectPipeline } from '../support/pipeline.ts';
import { type PoisonProduct, poisonProduct } from '../support/poison.ts';

/** JavaScript that a page loads, in gzip: the build's own limit. */
const JS_BUDGET_BYTES = 120 * 1024;
const PHONE = { width: 390, height: 844 };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const { test, before, after, run } = browserSuite('every view');
const pipeline = connectPipeline();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let poison: PoisonProduct | undefined;
let paths: readonly string[] = [];

before(async () => {
  poison = await poisonProduct(pipeline);
  const letterId = await poison.parked();
  const key = encodeURIComponent(poison.productId);
  const { body } = await apiOf(monitorUrl())('GET', `/api/events?key=${key}&limit=1`);
  const eventId = encodeURIComponent(body.items[0].eventId);
  paths = [
    '/',
    '/live',
    `/live?event=${eventId}`,
    `/products?q=${key}`,
    `/products/${key}`,
    `/events/${eventId}`,
    '/consumers',
    '/source',
    '/dead-letters',
    `/dead-letters/${letterId}`,
    '/topics',
    '/topics/pis.public.products',
    '/send?topic=product_updates',
    '/alerts',
    '/audit',
  ];
});
after(async () => {
  await poison?.remove(monitorUrl());
  await pipeline.close();
});

const violation = z.object({
  id: z.string(),
  help: z.string(),
  nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
});

/** What axe-core finds on the page, in words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found: unknown = await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] }).then((result) => result.violations)`,
  );
  return z
    .array(violation)
    .parse(found)
    .map(({ id, help, nodes }) => {
      const [first] = nodes;
      return `${id}: ${help} (${nodes.length}): ${first?.html.slice(0, 300)} ${first?.failureSummary ?? ''}`;
    });
}

for (const theme of ['light', 'dark'] as const) {
  test(`no view has an axe-core violation, does what it may not or loads too much, ${theme}`, async ({
    browser,
  }) => {
    const { page, faults, go, close } = await browser.open('/', { theme });
    const found: string[] = [];
    const sizes = new Map<string, number>();
    let largest = 0;
    for (const path of paths) {
      await go(path);
      for (const words of await violations(page)) found.push(`${path}: ${words}`);
      const bytes = await scriptBytes(page, sizes);
      assert.ok(
        bytes > 0 && bytes <= JS_BUDGET_BYTES,
        `${path} loads ${bytes} bytes of JavaScript`,
      );
      largest = Math.max(largest, bytes);
    }
    assert.equal(found, []);
    assert.equal(faults, []);
    const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    console.log(
      `# ${theme}: axe-core has no violation on ${paths.length} views; they load at most ${kB(largest)} of JavaScript ` +
        `in gzip, all together ${kB(all)}`,
    );
    await close();
  });
}

test('every view fits a phone: nothing is scrolled sideways', async ({ browser }) => {
  const { page, faults, go, close } = await browser.open('/', PHONE);
  const wide: string[] = [];
  for (const path of paths) {
    await go(path);
    const widths = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    if (widths.scrollWidth > widths.clientWidth) wide.push(`${path}: ${widths.scrollWidth} px`);
  }
  assert.equal(wide, []);
  // The navigation is behind a button there, and the range is beside what heeds it.
  await go('/');
  await page.getByLabel('Time that figures and charts are about').selectOption('6h');
  await page.waitForURL(/range=6h/);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Consumers' }).click();
  await page.getByRole('heading', { level: 1, name: 'Consumers' }).waitFor();
  assert.equal(faults, []);
  await close();
});

test('without a cursor, charts say what is newest', async ({ browser }) => {
  const { page, faults, close } = await browser.open('/');
  const changes = page.locator('.u-series', { hasText: 'changes' }).locator('.u-value');
  await eventually(async () => assert.match((await changes.textContent()) ?? '', /\d\/s$/), {
    what: 'the newest rate below the chart',
  });
  assert.equal(faults, []);
  await close();
});

test('filters are in the address; a reload and a link opened elsewhere show the same', async ({
  browser,
}) => {
  const text = `nothing-${randomBytes(4).toString('hex')}`;
  const { page, go, close } = await browser.open('/live');
  const sameAgain = async (check: (page: Page) => Promise<void>): Promise<void> => {
    await eventually(() => check(page), { what: 'the filters are in effect' });
    await page.reload();
    await eventually(() => check(page), { what: 'the same after a reload' });
    const other = await browser.open(page.url().slice(dashboardUrl().length));
    await eventually(() => check(other.page), { what: 'the same for another user' });
    await other.close();
  };
  await page.getByLabel('Text in key, columns or values').fill(text);
  await page.getByRole('combobox', { name: /^State/ }).selectOption('parked');
  await page.getByLabel('snapshot reads').check();
  await page.waitForURL(({ searchParams }) => {
    const [q, stage, snapshots] = ['q', 'stage', 'snapshots'].map((name) => searchParams.get(name));
    return q === text && stage === 'parked' && snapshots === '1';
  });
  await sameAgain(async (shown) => {
    assert.is(await shown.getByLabel('Text in key, columns or values').inputValue(), text);
    assert.is(await shown.getByRole('combobox', { name: /^State/ }).inputValue(), 'parked');
    assert.ok(await shown.getByLabel('snapshot reads').isChecked());
  });

  await go('/');
  await page.getByLabel('Time that figures and charts are about').selectOption('24h');
  await page.waitForURL(/range=24h/);
  await sameAgain(async (shown) => {
    const range = shown.getByLabel('Time that figures and charts are about');
    assert.is(await range.inputValue(), '24h');
  });

  assert.ok(poison);
  await go('/dead-letters');
  await page.getByLabel('Filter by key or message').fill(poison.productId);
  await page.waitForURL(/q=poison/);
  await sameAgain(async (shown) => {
    assert.is(await shown.locator('tbody tr').count(), 1);
  });
  await page.locator('tbody tr').click();
  await page.waitForURL(/dead-letters\/\d+/);
  await page.goBack();
  await page.waitForURL(/q=poison/);
  await close();
});

test('a first visit shows something soon', async ({ browser }) => {
  const { page, close } = await browser.open('/');
  const paintMs = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  assert.type(paintMs, 'number');
  console.log(`# first contentful paint of the overview: ${paintMs?.toFixed(0)} ms`);
  await close();
});

const kB = (bytes: number): string => `${(bytes / 1024).toFixed(1)} kB`;

/** JavaScript that the page has loaded, in bytes of gzip. */
async function scriptBytes(page: Page, sizes: Map<string, number>): Promise<number> {
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => new URL(name).pathname)
      .filter((name) => name.endsWith('.js')),
  );
  let bytes = 0;
  for (const script of new Set(scripts)) {
    const size = sizes.get(script) ?? (await gzipBytes(`${dashboardUrl()}${script}`));
    sizes.set(script, size);
    bytes += size;
  }
  return bytes;
}

/** Bytes of a file as a browser without Brotli gets it. */
function gzipBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    }).on('error', reject);
  });
}

run();
