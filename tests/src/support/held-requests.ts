/// <reference lib="dom" />
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Page, Request } from 'playwright-core';
import * as assert from 'uvu/assert';

/** Requests of a page that a test keeps from being answered. */
export interface HeldRequests {
  /** From now on those that match get no answer until `letGo`, with which they go on. */
  hold(match: RegExp): Promise<void>;
  /** From now on those that match are answered 503. */
  fail(match: RegExp): Promise<void>;
  /** Everything goes through, also what is held now. */
  letGo(): Promise<void>;
  /** Waits until something is held, every other request is answered, and what was answered is drawn. */
  othersAreDrawn(): Promise<void>;
}

const FAILURE = {
  type: 'urn:shelfcast:problem:unavailable',
  title: 'Unavailable',
  detail: 'A test keeps this from being answered',
};

/** @param page of which requests are matched by path and query */
export function holdRequests(page: Page): HeldRequests {
  const open = new Set<Request>();
  const held = new Set<Request>();
  let release: () => void = () => {};
  page.on('request', (request) => open.add(request));
  const ended = (request: Request): void => {
    open.delete(request);
    held.delete(request);
  };
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  const matching = (match: RegExp) => (url: URL) => match.test(`${url.pathname}${url.search}`);

  async function letGo(): Promise<void> {
    release();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  }
  return {
    letGo,
    async hold(match) {
      await letGo();
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route(matching(match), async (route) => {
        held.add(route.request());
        await released;
        await route.continue().catch(() => {}); // the page may have left meanwhile
      });
    },
    async fail(match) {
      await letGo();
      await page.route(matching(match), (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify(FAILURE),
        }),
      );
    },
    async othersAreDrawn() {
      const isQuiet = (): void => {
        assert.ok(held.size > 0, 'nothing was asked that is held');
        const others = [...open].filter((request) => !held.has(request));
        assert.equal(
          others.map((request) => request.url()),
          [],
          'what is not answered',
        );
      };
      await eventually(isQuiet, {
        timeoutMs: 60_000,
        intervalMs: 20,
        what: 'everything but what is held is answered',
      });
      await page.evaluate(
        () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
      );
    },
  };
}
