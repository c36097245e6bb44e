import { visibleText } from '@shelfcast/schemas/monitor/visible-text';

/**
 * A value from a row, an event or an error for one line of a terminal: control characters, which would clear the screen
 * or forge a line, are written out, and so is what would turn or hide the text beside it.
 */
export function printable(value: unknown): string {
  return visibleText(String(value));
}

/** The same for a text of several lines: their ends and tabs stay. */
export function printableLines(text: unknown): string {
  return visibleText(String(text), '\n\t');
}

/** Prints to standard output; nothing in the text acts on the terminal. */
export function print(text: unknown): void {
  console.log(printableLines(text));
}

/** Prints to standard error; nothing in the text acts on the terminal. */
export function printError(text: unknown): void {
  console.error(printableLines(text));
}
