/// <reference lib="dom" />
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { portsFor } from '@shelfcast/local/ports';
import { eventually } from '@shelfcast/service-kit/eventually';
import { type Browser, chromium, type Page } from 'playwright-core';
import { suite, type uvu } from 'uvu';
import { fromEnvironment } from './environment.ts';

/** A page of a browser profile of its own, and everything that it should not have done. */
export interface TestPage {
  readonly page: Page;
  /** Errors on the console, exceptions, what the content security policy refused, and dialogs. */
  readonly faults: readonly string[];
  /** Goes to a view, and waits until it has drawn and no answer is awaited. */
  go(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface PageOptions {
  /** Default: the dashboard of the stack that all end-to-end files share. */
  readonly url?: string;
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

export interface TestBrowser {
  /** Opens a view in a profile of its own. */
  open(path: string, options?: PageOptions): Promise<TestPage>;
  close(): Promise<void>;
}

/** Given to the tests of a suite that needs a browser. */
export interface WithBrowser {
  readonly browser: TestBrowser;
}

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const CLOSE_MS = 10_000;
/** On a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

/**
 * A suite whose tests get a browser. Without Chromium they are skipped, unless REQUIRE_BROWSER=1: then they fail.
 * CHROMIUM_PATH names another one than /usr/bin/chromium.
 */
export function browserSuite(name: string): {
  readonly test: (name: string, body: uvu.Callback<WithBrowser>) => void;
  /** Before all tests, and before there is a browser. */
  readonly before: (hook: () => Promise<void>) => void;
  /** After all tests, also when there was a failure. */
  readonly after: (hook: () => Promise<void>) => void;
  readonly run: () => void;
} {
  const tests = suite<{ browser: TestBrowser }>(name);
  if (!existsSync(EXECUTABLE)) {
    const isNeeded = process.env.REQUIRE_BROWSER === '1';
    const what = isNeeded ? 'and REQUIRE_BROWSER=1' : 'skipped';
    console.log(`# no browser at ${EXECUTABLE}: ${what}; CHROMIUM_PATH names another`);
    if (!isNeeded) return { test: tests.skip, before: () => {}, after: () => {}, run: tests.run };
  }
  tests.before(async (context) => {
    // Before its first look a monitor that was just started says that it does not know of alerts, which pages show.
    await eventually(async () => (await fetch(`${monitorUrl()}/api/alerts`)).ok, {
      timeoutMs: PATIENCE_MS,
      what: 'the first look of the monitor',
    });
    context.browser = await startBrowser();
  });
  tests.after(async ({ browser }: Partial<WithBrowser>) => {
    await browser?.close(); // which may not have started
  });
  return { test: tests, before: tests.before, after: tests.after, run: tests.run };
}

/** The dashboard of the stack that all end-to-end files share. */
export function dashboardUrl(): string {
  const ports = portsFor({ offset: Number(fromEnvironment('TEST_PORT_OFFSET')), brokers: 1 });
  return `http://127.0.0.1:${ports.dashboard}`;
}

/** The monitor of that stack. */
export function monitorUrl(): string {
  const ports = portsFor({ offset: Number(fromEnvironment('TEST_PORT_OFFSET')), brokers: 1 });
  return `http://127.0.0.1:${ports.monitor}`;
}

export async function startBrowser(): Promise<TestBrowser> {
  if (!existsSync(EXECUTABLE)) throw new Error(`there is no browser at ${EXECUTABLE}`);
  // Its profile is a folder of its own, which goes with it.
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: FLAGS,
    timeout: PATIENCE_MS,
  });
  const pid = await processId(browser);
  return {
    async open(path, options = {}) {
      const { url = dashboardUrl(), theme = 'light', width = 1440, height = 900 } = options;
      const context = await browser.newContext({
        baseURL: url,
        colorScheme: theme,
        viewport: { width, height },
        reducedMotion: 'reduce',
      });
      context.setDefaultTimeout(PATIENCE_MS);
      // What names functions in tests run from source does not exist in a page.
      await context.addInitScript('globalThis.__name ??= (named) => named');
      const page = await context.newPage();
      const faults = watchFaults(page);
      const go = (to: string) => goTo(page, to);
      await go(path);
      return { page, faults, go, close: () => context.close() };
    },
    async close() {
      const closed = browser.close().then(() => true);
      if (await Promise.race([closed, delay(CLOSE_MS, false, { ref: false })])) return;
      console.log(`# the browser did not close; process ${pid} is ended`);
      process.kill(pid, 'SIGKILL');
    },
  };
}

async function processId(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pid = processInfo.find(({ type }) => type === 'browser')?.id;
  if (pid === undefined) throw new Error('the browser does not say which process it is');
  return pid;
}

async function goTo(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.locator('main h1').first().waitFor({ state: 'attached' });
  await page.waitForFunction(() => document.querySelector('main .loading') === null);
}

function watchFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    // An answer such as 404, which a view may have asked for, is no fault of the page.
    const isAnswer = /^Failed to load resource: .* status of 4\d\d/.test(message.text());
    if (message.type() === 'error' && !isAnswer) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return faults;
}
