/** Texts up to this length are shown whole. */
const WHOLE_LENGTH = 400;
const WHOLE_LINES = 12;
/** Of a longer one, so much is shown. */
const SHOWN_LENGTH = 280;
const SHOWN_LINES = 8;
/** Of a name in a sentence. */
const NAME_LENGTH = 120;

/** How much of a text is shown while it is folded; all of one that is short. Never half of a character. */
export function foldedLength(text: string): number {
  const lineEnd = endOfLine(text, WHOLE_LINES);
  if (text.length <= WHOLE_LENGTH && lineEnd === text.length) return text.length;
  const length = Math.min(SHOWN_LENGTH, endOfLine(text, SHOWN_LINES));
  const isInside = /[\ud800-\udbff]/.test(text.charAt(length - 1));
  return isInside ? length - 1 : length;
}

/** Where so many lines end; the end of a text that has no more. */
function endOfLine(text: string, lines: number): number {
  let at = -1;
  for (let line = 0; line < lines; line += 1) {
    at = text.indexOf('\n', at + 1);
    if (at === -1) return text.length;
  }
  return at;
}

/** A name of any length as a part of a sentence or a title. */
export function shorten(name: string): string {
  const length = Math.min(foldedLength(name), NAME_LENGTH);
  return length < name.length ? `${name.slice(0, length)}…` : name;
}
