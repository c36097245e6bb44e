// Pictures of every view of the dashboard that runs, in both themes: docs/screenshots/<view>-<theme>.png.
// DASHBOARD_URL names another than http://127.0.0.1:8080.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { apiOf } from './api-client.ts';
import { startBrowser } from './browser.ts';

const FOLDER = fileURLToPath(new URL('../../../docs/screenshots', import.meta.url));
const SETTLE_MS = 1_500;
const PHONE = { width: 390, height: 844 };

const url = process.env.DASHBOARD_URL ?? 'http://127.0.0.1:8080';
const api = apiOf(url);

/** The newest item of a list of the monitor, or undefined. */
async function newest(path: string): Promise<Record<string, string> | undefined> {
  const { body } = await api('GET', path);
  return body.items[0];
}

const update = (await api('GET', '/api/events?stage=captured&limit=100')).body.items.find(
  ({ details }: { details: { op?: string; changed?: unknown[] } }) =>
    details.op === 'update' && (details.changed?.length ?? 0) > 0,
);
const letter = await newest('/api/dead-letters?limit=1');
const eventId = update === undefined ? undefined : encodeURIComponent(update.eventId);
const key = update === undefined ? undefined : encodeURIComponent(update.key);

const views: Readonly<Record<string, string | undefined>> = {
  overview: '/',
  live: '/live',
  'one-change': eventId === undefined ? undefined : `/live?event=${eventId}`,
  products: '/products',
  product: key === undefined ? undefined : `/products/${key}`,
  consumers: '/consumers',
  source: '/source',
  'dead-letters': '/dead-letters',
  'dead-letter': letter === undefined ? undefined : `/dead-letters/${letter.id}`,
  topics: '/topics',
  topic: '/topics/product_updates',
  send: '/send?topic=product_updates',
  alerts: '/alerts',
  audit: '/audit',
};

await mkdir(FOLDER, { recursive: true });
const browser = await startBrowser();
for (const theme of ['light', 'dark'] as const) {
  const { page, go, close } = await browser.open('/', { url, theme });
  const phone = await browser.open('/', { url, theme, ...PHONE });
  for (const [name, path] of Object.entries(views)) {
    if (path === undefined) {
      console.log(`${name}: nothing to show; make demo makes changes`);
      continue;
    }
    await go(path);
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: `${FOLDER}/${name}-${theme}.png` });
    if (['overview', 'live', 'one-change'].includes(name)) {
      await phone.go(path);
      await phone.page.waitForTimeout(SETTLE_MS);
      await phone.page.screenshot({ path: `${FOLDER}/${name}-phone-${theme}.png` });
    }
    console.log(`${name}, ${theme}`);
  }
  await phone.close();
  await close();
}
await browser.close();
