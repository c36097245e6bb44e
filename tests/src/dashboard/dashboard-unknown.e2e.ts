// What is not answered yet, or could not be, is never drawn as none, empty or complete, and nothing is done on it.
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { apiOf } from '../support/api-client.ts';
import { browserSuite, monitorUrl, type TestPage } from '../support/browser.ts';
import { type HeldRequests, holdRequests } from '../support/held-requests.ts';
import { connectPipeline } from '../support/pipeline.ts';
import { type PoisonProduct, poisonProduct } from '../support/poison.ts';

const { test, before, after, run } = browserSuite('what is not known');
const pipeline = connectPipeline();
let poisons: readonly PoisonProduct[] = [];
let letterIds: readonly string[] = [];
let eventId = '';

before(async () => {
  poisons = [await poisonProduct(pipeline), await poisonProduct(pipeline)];
  letterIds = await Promise.all(poisons.map((one) => one.parked()));
  const key = encodeURIComponent(productId());
  const { body } = await apiOf(monitorUrl())('GET', `/api/events?key=${key}&limit=1`);
  eventId = encodeURIComponent(body.items[0].eventId);
});
after(async () => {
  for (const poison of poisons) await poison.remove(monitorUrl());
  await pipeline.close();
});

const productId = (at = 0): string => poisons[at]?.productId ?? '';
const letterId = (at = 0): string => letterIds[at] ?? '';

/** A view that draws from several requests, and one of them that is not answered. */
interface Case {
  readonly path: () => string;
  readonly request: RegExp;
  /** What the view must not say meanwhile. */
  readonly never: RegExp;
  /** What it says when the request fails. */
  readonly failure: string;
  /** What it says once it was answered. */
  readonly answered: RegExp;
  /** Whether nothing is told live either. */
  readonly isCutOff?: boolean;
}

const WELL = /Every change reaches every consumer/;
const CASES: readonly Case[] = [
  {
    path: () => '/',
    request: /^\/api\/consumers$/,
    never: /reaches every consumer|No consumer is known|None: no change waits/,
    failure: 'The consumers could not be asked',
    answered: /catalogue/,
  },
  {
    path: () => '/',
    request: /^\/api\/connectors$/,
    never: WELL,
    failure: 'The connector could not be asked',
    answered: /1\/1 task/,
  },
  {
    path: () => '/',
    request: /^\/api\/replication$/,
    never: WELL,
    failure: 'The slot could not be asked for',
    answered: /The connector reads it/,
  },
  {
    path: () => '/',
    request: /^\/api\/lag$/,
    never: /reaches every consumer|has not read anything|lag 0|no consumer/i,
    failure: 'The lag could not be read',
    answered: /lag \d/,
  },
  {
    path: () => '/',
    request: /^\/api\/topics$/,
    never: WELL,
    failure: 'The sizes of topics could not be read',
    answered: /Latest changes/,
  },
  {
    path: () => '/',
    request: /^\/api\/alerts$/,
    never: /everything that is watched is well|reaches every consumer/,
    failure: 'The alerts could not be read',
    answered: /Needs you/,
    isCutOff: true,
  },
  {
    path: () => '/',
    request: /^\/api\/events\?/,
    never: /Waiting for the first change|No change is reported/,
    failure: 'Earlier changes could not be read',
    answered: /Latest changes/,
    isCutOff: true,
  },
  {
    path: () => '/?range=7d',
    request: /metric=failed/,
    never: /failed attempts/,
    failure: 'These figures could not be read',
    answered: /failed attempts/,
  },
  {
    path: () => '/consumers',
    request: /^\/api\/lag$/,
    never: /keeps? up|Nothing waits|not read anything/,
    failure: 'The lag could not be read',
    answered: /pis\.public\.products/,
  },
  {
    path: () => '/consumers',
    request: /^\/api\/alerts$/,
    never: /keeps? up/,
    failure: 'The alerts could not be read',
    answered: /keeps up|not running|behind|paused/,
    isCutOff: true,
  },
  {
    path: () => '/consumers',
    request: /^\/api\/consumers$/,
    never: /Also reads|There are no consumers|No consumer is known/,
    failure: 'The consumers could not be read',
    answered: /catalogue/,
  },
  {
    path: () => '/consumers',
    request: /^\/api\/summary/,
    never: /\d\/s|\d ms/,
    failure: 'The rates and latencies could not be read',
    answered: /\d\/s|–/,
  },
  {
    path: () => `/products/${productId()}`,
    request: /^\/api\/dead-letters/,
    never: /up to date|behind|Every consumer has/,
    failure: 'Its dead letters could not be read',
    answered: /dead letter|tried again/,
  },
  {
    path: () => `/products/${productId()}`,
    request: /^\/api\/lag$/,
    never: /up to date|behind|Every consumer has|\d ms/,
    failure: 'Which consumers read which topic could not be read',
    answered: /pricing/,
  },
  {
    path: () => `/products/${productId()}`,
    request: /^\/api\/events\?/,
    never: /No change of this key/,
    failure: 'Its changes could not be read',
    answered: /The last \d+ changes|\d+ changes/,
  },
  {
    path: () => `/products?q=${productId()}`,
    request: /^\/api\/lag$/,
    never: /\d ms/,
    failure: 'Which consumers read which topic could not be read',
    answered: /poison/,
  },
  {
    path: () => '/topics',
    request: /^\/api\/lag$/,
    never: /capture-reports/,
    failure: 'Who reads which topic could not be read',
    answered: /capture-reports/,
  },
  {
    path: () => '/topics/pis.public.products',
    request: /^\/api\/lag$/,
    never: /no known consumer/,
    failure: 'Who reads it could not be read',
    answered: /lag of catalogue/,
  },
  {
    path: () => '/topics/pis.public.products',
    request: /^\/producer\/schemas/,
    never: /has no schema/,
    failure: 'The schema could not be read',
    answered: /schema id/,
  },
  {
    path: () => `/events/${eventId}`,
    request: /\/record$/,
    never: /in the record only/,
    failure: 'The record could not be read from Kafka',
    answered: /schema ids/,
  },
  {
    path: () => '/live',
    request: /^\/api\/events\?/,
    never: /Waiting for the first change|No change is reported/,
    failure: 'Earlier changes could not be read',
    answered: /what changed/,
    isCutOff: true,
  },
  {
    path: () => '/live?stage=deadLettered',
    request: /^\/api\/events\/[^/]+$/,
    never: /No change matches/,
    failure: 'Earlier changes could not be read',
    answered: /dead letter|No change matches/,
    isCutOff: true,
  },
  {
    path: () => '/alerts',
    request: /^\/api\/alerts$/,
    never: /Nothing needs you|is well/,
    failure: 'The alerts could not be read',
    answered: /Nothing needs you|Runbook/,
    isCutOff: true,
  },
  {
    path: () => '/audit',
    request: /^\/api\/audit/,
    never: /No actions yet|Nothing fits/,
    failure: 'The audit could not be read',
    answered: /who did what|No actions yet/,
  },
  {
    path: () => '/source',
    request: /^\/api\/connectors$/,
    never: /No connector is registered|captured as they are committed/,
    failure: 'The connectors could not be read',
    answered: /Tasks of/,
  },
  {
    path: () => '/send?topic=product_updates',
    request: /^\/producer\/topics$/,
    never: /no topic to send to|No event can be sent/,
    failure: 'The topics could not be read',
    answered: /Idempotency-Key/,
  },
  {
    path: () => `/dead-letters/${letterId()}`,
    request: /^\/api\/audit/,
    never: /Nothing was done about it yet/,
    failure: 'The audit could not be read',
    answered: /Nothing was done about it yet|older entries|redrove|discarded/,
  },
  {
    path: () => '/dead-letters',
    request: /^\/api\/dead-letters/,
    never: /Nothing waits here|Every change could be applied|No dead letter fits/,
    failure: 'The dead letters could not be read',
    answered: /could|waits/,
  },
];

const textOf = async (page: Page): Promise<string> =>
  (await page.locator('main').textContent()) ?? '';

async function untilText(page: Page, wanted: RegExp, what: string): Promise<void> {
  await eventually(async () => assert.match(await textOf(page), wanted), {
    timeoutMs: 60_000,
    intervalMs: 100,
    what,
  });
}

/** Until a dead letter is among the reports, which takes half a minute from the first failure. */
async function untilDeadLettered(): Promise<void> {
  await poisons[0]?.parked('dead');
  const path = `/api/events?stage=deadLettered&key=${encodeURIComponent(productId())}`;
  await eventually(async () => (await apiOf(monitorUrl())('GET', path)).body.items.length > 0, {
    what: 'the dead letter is reported',
  });
}

/** Opens a page whose requests can be held; errors on its console that such an answer makes are no fault. */
async function openHeld(
  open: () => Promise<TestPage>,
): Promise<TestPage & { readonly requests: HeldRequests; ownFaults(): string[] }> {
  const opened = await open();
  const requests = holdRequests(opened.page);
  return {
    ...opened,
    requests,
    ownFaults: () => opened.faults.filter((fault) => !/status of 503|WebSocket/.test(fault)),
  };
}

for (const isCutOff of [false, true]) {
  const how = isCutOff ? ' while nothing is told live' : '';
  test(`views say what they do not know yet, what failed, and then what is${how}`, async ({
    browser,
  }) => {
    const { page, requests, ownFaults, close } = await openHeld(() => browser.open('/send'));
    if (isCutOff) {
      await page.routeWebSocket(/\/socket\.io\//, () => {});
      // A page that is told nothing shows what was there when it came.
      await untilDeadLettered();
    }
    const wrong: string[] = [];
    for (const one of CASES.filter((other) => (other.isCutOff ?? false) === isCutOff)) {
      const name = `${one.path()} without ${one.request.source}`;
      await requests.hold(one.request);
      await page.goto(one.path());
      await requests.othersAreDrawn();
      const text = await textOf(page);
      if (one.never.test(text)) wrong.push(`${name}, held: ${one.never.exec(text)?.[0]}`);
      if ((await page.locator('[aria-busy="true"]').count()) === 0) {
        wrong.push(`${name}, held: nothing is busy`);
      }
      await requests.letGo();
      await untilText(page, one.answered, `${name}: what was held is answered`);

      await requests.fail(one.request);
      await page.goto(one.path());
      const alert = page.getByRole('alert').filter({ hasText: one.failure });
      await alert.first().waitFor();
      const failed = await textOf(page);
      if (one.never.test(failed)) wrong.push(`${name}, failed: ${one.never.exec(failed)?.[0]}`);
      await requests.letGo();
      await alert
        .getByRole('button', { name: 'Try again' })
        .first()
        .click({ timeout: 5_000 })
        .catch(() => {}); // it may have been asked again by itself
      await alert.first().waitFor({ state: 'detached' });
      await untilText(page, one.answered, `${name}: it is there after a retry`);
    }
    assert.equal(wrong, []);
    assert.equal(ownFaults(), []);
    await close();
  });
}

test('a count in the navigation that is not known is not nought', async ({ browser }) => {
  const { page, requests, close } = await openHeld(() => browser.open('/send'));
  const link = page.getByRole('navigation').getByRole('link', { name: /^Dead letters/ });
  await requests.hold(/^\/api\/consumers$/);
  await page.goto('/send');
  await requests.othersAreDrawn();
  assert.match((await link.textContent()) ?? '', 'not known yet');
  await requests.fail(/^\/api\/consumers$/);
  await page.goto('/send');
  await eventually(async () => assert.match((await link.textContent()) ?? '', /not known$/m), {
    what: 'the failure in the navigation',
  });
  await requests.letGo();
  await eventually(async () => assert.not.match((await link.textContent()) ?? '', 'not known'), {
    what: 'the count in the navigation',
  });
  await close();
});

test('what is edited waits for the contract: no key opens a dialog before it is known', async ({
  browser,
}) => {
  const { page, requests, ownFaults, close } = await openHeld(() => browser.open('/send'));
  const price = page.locator('input[id$="-price"]');
  const bar = page.locator('form [role="status"]');
  const confirm = page.getByRole('button', { name: 'Redrive as edited' });
  const typeWrongPrice = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Edit the row' }).click();
    await price.fill('a lot');
    await price.press('Enter');
    await page.locator('h1').click();
    await page.keyboard.press('r');
  };

  await requests.hold(/^\/producer\/schemas/);
  await page.goto(`/dead-letters/${letterId()}`);
  await requests.othersAreDrawn();
  await typeWrongPrice();
  assert.is(await page.getByRole('dialog').count(), 0);
  assert.ok(await confirm.isDisabled());
  assert.match((await bar.textContent()) ?? '', /contract of pis\.public\.products is being read/);
  await requests.letGo();
  await page.locator('input[id$="-price"][aria-invalid="true"]').waitFor();
  await price.press('Enter');
  await page.keyboard.press('r');
  assert.is(await page.getByRole('dialog').count(), 0, 'nor with what the contract refuses');
  await price.fill('2.50');
  await price.press('Enter');
  await page.getByRole('dialog').getByText('Dry run:').waitFor();

  await requests.fail(/^\/producer\/schemas/);
  await page.goto(`/dead-letters/${letterId()}`);
  await typeWrongPrice();
  assert.is(await page.getByRole('dialog').count(), 0);
  const failure = page.getByRole('alert').filter({ hasText: 'The contract' });
  await failure.waitFor();
  assert.match((await bar.textContent()) ?? '', /cannot be checked/);
  await requests.letGo();
  await failure.getByRole('button', { name: 'Try again' }).click();
  await page.locator('input[id$="-price"][aria-invalid="true"]').waitFor();
  assert.is(await page.getByRole('dialog').count(), 0);
  assert.equal(ownFaults(), []);
  await close();
});

test('a redrive waits for its dry run, and for another one after it failed', async ({
  browser,
}) => {
  const { page, requests, ownFaults, close } = await openHeld(() => browser.open('/send'));
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: /^Redrive/ });
  await page.goto(`/dead-letters/${letterId()}`);
  await requests.fail(/\/redrive$/);
  await page.getByRole('button', { name: /^Redrive/ }).click();
  await dialog.getByRole('alert').getByText('The dry run failed').waitFor();
  assert.ok(await confirm.isDisabled());
  await requests.hold(/\/redrive$/);
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await requests.othersAreDrawn();
  assert.ok(await confirm.isDisabled());
  await requests.letGo();
  await dialog.getByText('Dry run:').waitFor();
  assert.not.ok(await confirm.isDisabled());
  assert.equal(ownFaults(), []);
  await close();
});

test('an answer about one thing is not shown for another', async ({ browser }) => {
  const { page, requests, ownFaults, close } = await openHeld(() => browser.open('/send'));
  const main = page.locator('main');
  const follow = (path: string): Promise<void> =>
    page.evaluate((to) => {
      const link = document.createElement('a');
      link.href = to;
      document.body.append(link);
      link.click();
      link.remove();
    }, path);
  const paths = (at: number): readonly string[] => [
    `/dead-letters/${letterId(at)}`,
    `/products/${productId(at)}`,
    `/products?q=${productId(at)}`,
    `/live?key=${productId(at)}`,
  ];
  for (const [index, path] of paths(0).entries()) {
    const next = paths(1)[index] ?? '';
    await requests.letGo();
    await page.goto(path);
    await main.getByText(productId(0)).first().waitFor();
    await requests.hold(/^\/api\/(dead-letters|events)/);
    await follow(next);
    await page.waitForURL((url) => `${url.pathname}${url.search}` === next);
    await requests.othersAreDrawn();
    assert.not.match(await textOf(page), productId(0), `${next} shows what is of ${path}`);
    await page.keyboard.press('r');
    assert.is(await page.getByRole('dialog').count(), 0);
    await requests.letGo();
    await main.getByText(productId(1)).first().waitFor();
  }

  // The other range's figures are not shown under the name of this one.
  await requests.letGo();
  await page.goto('/?range=5m');
  await page.getByRole('img', { name: /^Changes, last 5 min/ }).waitFor();
  await requests.hold(/^\/api\/(series|summary)/);
  await page.getByLabel('Time that figures and charts are about').selectOption('24h');
  await requests.othersAreDrawn();
  assert.is(await page.getByRole('img', { name: /^Changes,/ }).count(), 0);
  await requests.letGo();
  await page.getByRole('img', { name: /^Changes, last 24 h/ }).waitFor();
  assert.equal(ownFaults(), []);
  await close();
});

run();
