import type { DeadLetterItem } from '@shelfcast/schemas/monitor/operations';
import { count, plural } from '../../lib/format.ts';

/** Dead letters that failed for the same reason at the same consumer. */
export interface Cause {
  /** For the address bar. */
  readonly id: string;
  readonly consumer: string;
  /** Empty where it says nothing that the message does not. */
  readonly errorType: string;
  readonly message: string;
  readonly letters: readonly DeadLetterItem[];
  /** Of those, keys that are tried again by themselves. */
  readonly retrying: number;
  /** Changes that wait, those behind others included. */
  readonly waiting: number;
  /** When the first was parked, Unix milliseconds. */
  readonly sinceMs: number;
}

/** Names of errors that say nothing. */
const EMPTY_TYPES = new Set(['error', 'Error']);

/** The reasons, those with most keys first. */
export function causesOf(letters: readonly DeadLetterItem[]): readonly Cause[] {
  const groups = new Map<string, DeadLetterItem[]>();
  for (const letter of letters) {
    const id = causeId(letter);
    groups.set(id, [...(groups.get(id) ?? []), letter]);
  }
  return [...groups]
    .flatMap(([id, own]) => {
      const [first] = own;
      return first === undefined ? [] : [causeFrom(id, first, own)];
    })
    .sort((a, b) => b.letters.length - a.letters.length || a.sinceMs - b.sinceMs);
}

function causeFrom(id: string, first: DeadLetterItem, letters: readonly DeadLetterItem[]): Cause {
  return {
    id,
    consumer: first.consumer,
    errorType: EMPTY_TYPES.has(first.errorType) ? '' : first.errorType,
    message: first.errorMessage,
    letters,
    retrying: letters.filter(({ state }) => state === 'retrying').length,
    waiting: letters.reduce((sum, { waiting }) => sum + waiting, 0),
    sinceMs: Math.min(...letters.map(({ parkedAt }) => Date.parse(parkedAt))),
  };
}

/** What is the same for all letters of a cause: what differs from key to key is left out of the message. */
export function causeId({ consumer, errorType, errorMessage, key }: DeadLetterItem): string {
  const common = errorMessage
    .replaceAll(key, '…')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '…')
    .replaceAll(/\d+(\.\d+)?/g, '…');
  return `${consumer}-${hash(`${errorType} ${common}`)}`;
}

/** FNV-1a: short, and the same on every machine. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return value.toString(36);
}

export interface LetterFilter {
  readonly consumer: string;
  readonly cause: string;
  /** Anywhere in key, entity or message; upper and lower case are the same. */
  readonly text: string;
}

export function matches(letter: DeadLetterItem, { consumer, cause, text }: LetterFilter): boolean {
  if (consumer !== '' && letter.consumer !== consumer) return false;
  if (cause !== '' && causeId(letter) !== cause) return false;
  const wanted = text.trim().toLowerCase();
  const { key, entity, errorMessage } = letter;
  return [key, entity, errorMessage].some((one) => one.toLowerCase().includes(wanted));
}

/**
 * All of them in a sentence.
 * @param hasMore whether there are others, which are not known here
 */
export function lettersSentence(letters: readonly DeadLetterItem[], hasMore: boolean): string {
  if (letters.length === 0) return 'Every change could be applied.';
  const dead = letters.filter(({ state }) => state === 'dead').length;
  const retrying = letters.length - dead;
  const more = hasMore ? `Of the ${count(letters.length)} that have waited longest: ` : '';
  const parts = [
    dead === 0 ? '' : `${plural(dead, 'key waits', 'keys wait')} for a decision`,
    retrying === 0
      ? ''
      : `${plural(retrying, 'key is', 'keys are')} tried again by ${retrying === 1 ? 'itself' : 'themselves'}`,
  ].filter(Boolean);
  const behind = letters.reduce((sum, { waiting }) => sum + waiting - 1, 0);
  const queue =
    behind === 0
      ? ''
      : ` ${plural(behind, 'later change waits', 'later changes wait')} behind them, in order.`;
  return `${more}${parts.join(', ')}. All other keys go on.${queue}`;
}
