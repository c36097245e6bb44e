// Text from rows, keys, events and errors, for people: browsers import it as well as command-line tools.

/** A piece of a text: as it is, or a character that is not seen, written out. */
export interface TextPart {
  readonly text: string;
  readonly isEscape: boolean;
}

/**
 * Characters that act on a screen instead of being seen: C0 and C1 controls (an escape sequence clears a terminal),
 * line and paragraph separators, all that turns the direction of text, zero-width and other ignorable characters,
 * interlinear marks, and halves of surrogate pairs.
 */
const ACTING =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Cs}\u{fff9}-\u{fffb}]/u;
/** Emoji, whose joiners and variation selectors belong to what is seen. */
const EMOJI =
  /(?:\p{Extended_Pictographic}[\u{fe0f}\p{Emoji_Modifier}]*(?:\u{200d}\p{Extended_Pictographic}[\u{fe0f}\p{Emoji_Modifier}]*)*|[0-9#*]\u{fe0f}\u{20e3})/u;
const EMOJI_OR_ACTING = new RegExp(`${EMOJI.source}|(${ACTING.source})`, 'gu');
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A text in parts, so that nothing in it can act: `\x1b`, `\u202e`, `\u{e0001}` stand for what is not seen.
 * @param keep characters that stay as they are, such as the line breaks of a text of several lines
 */
export function visibleParts(text: string, keep = ''): readonly TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 1: acting, index } of text.matchAll(EMOJI_OR_ACTING)) {
    if (acting === undefined || keep.includes(acting)) continue;
    if (index > from) parts.push({ text: text.slice(from, index), isEscape: false });
    parts.push({ text: escaped(acting), isEscape: true });
    from = index + acting.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), isEscape: false });
  return parts;
}

/** The same as one text. */
export function visibleText(text: string, keep = ''): string {
  return visibleParts(text, keep)
    .map((part) => part.text)
    .join('');
}

/** Characters of scripts that are written from right to left. */
const RIGHT_TO_LEFT =
  /[\u{590}-\u{8ff}\u{fb1d}-\u{fdff}\u{fe70}-\u{fefc}\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_DIRECTIONAL_ISOLATE = '\u2069';

/** A text as a part of a sentence: visible, and where it is written from right to left, apart from what is around it. */
export function inSentence(text: string): string {
  const visible = visibleText(text);
  if (!RIGHT_TO_LEFT.test(visible)) return visible;
  return `${FIRST_STRONG_ISOLATE}${visible}${POP_DIRECTIONAL_ISOLATE}`;
}

function escaped(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
