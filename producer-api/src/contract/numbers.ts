import { Decimal } from 'decimal.js';
import { JsonNumber, type JsonValue } from '../json/parse-json.ts';

const DECIMAL_TEXT = /^-?\d+(\.\d+)?$/;
/** No schema has numbers of more digits; what is longer need not be computed with. */
const MAX_TEXT_LENGTH = 1_100;
/** 1e100000000 is short to write and long to write out. */
const MAX_EXPONENT = 1_100;

/**
 * The exact number in a JSON value: a JSON number, or plain decimal text (which senders use whose own
 * numbers are doubles). Undefined when it is neither, or longer than any schema allows.
 */
export function exactNumber(value: JsonValue): Decimal | undefined {
  const text = value instanceof JsonNumber ? value.text : value;
  if (typeof text !== 'string' || text.length > MAX_TEXT_LENGTH) return undefined;
  if (typeof value === 'string' && !DECIMAL_TEXT.test(text)) return undefined;
  const number = new Decimal(text);
  return Math.abs(number.e) <= MAX_EXPONENT || number.isZero() ? number : undefined;
}

/** Digits before the point, without leading zeros. */
export function wholeDigits(number: Decimal): number {
  return number.isZero() ? 0 : Math.max(0, number.e + 1);
}
