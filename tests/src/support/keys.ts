/// <reference lib="dom" />
import type { Page } from 'playwright-core';

/** More stops than any view has between two things. */
const MAX_STOPS = 80;

/**
 * Presses Tab until the focus is on an element that fits, as a user without a mouse does.
 * @param selector CSS, or empty for any element
 * @param text that the element, or its name, contains
 */
export async function tabTo(page: Page, selector: string, text = ''): Promise<void> {
  for (let stops = 0; stops < MAX_STOPS; stops += 1) {
    const fits = await page.evaluate(
      ([wanted, words]) => {
        const element = document.activeElement;
        if (element === null || element === document.body) return false;
        const name = `${element.getAttribute('aria-label') ?? ''} ${element.textContent}`;
        return (wanted === '' || element.matches(wanted)) && name.includes(words);
      },
      [selector, text] as const,
    );
    if (fits) return;
    await page.keyboard.press('Tab');
  }
  const at = await page.evaluate(
    () => document.activeElement?.outerHTML.slice(0, 200) ?? 'nothing',
  );
  throw new Error(`no ${selector} ${text} within ${MAX_STOPS} stops; the focus is on ${at}`);
}
