import { Decimal } from 'decimal.js';

/** What a number has to respect, as exact decimal text. */
export interface Bounds {
  readonly minimum?: string;
  readonly exclusiveMinimum?: string;
  readonly maximum?: string;
  readonly exclusiveMaximum?: string;
}

/** Says which bound a number breaks, in words; undefined when it respects them all. */
export function compileBounds(bounds: Bounds): (value: Decimal) => string | undefined {
  const tests = [
    test(bounds.minimum, (value, limit) => value.gte(limit), 'at least'),
    test(bounds.exclusiveMinimum, (value, limit) => value.gt(limit), 'above'),
    test(bounds.maximum, (value, limit) => value.lte(limit), 'at most'),
    test(bounds.exclusiveMaximum, (value, limit) => value.lt(limit), 'below'),
  ].filter((one) => one !== undefined);
  return (value) => {
    for (const { holds, limit, words } of tests) {
      if (!holds(value, limit)) return `must be ${words} ${limit.toFixed()}`;
    }
    return undefined;
  };
}

/** Whether no number respects them all. */
export function isEmptyRange(bounds: Bounds): boolean {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = bounds;
  const above = (low: string | undefined, high: string | undefined, orEqual: boolean): boolean => {
    if (low === undefined || high === undefined) return false;
    const [from, to] = [new Decimal(low), new Decimal(high)];
    return orEqual ? from.gte(to) : from.gt(to);
  };
  return (
    above(minimum, maximum, false) ||
    above(exclusiveMinimum, maximum, true) ||
    above(minimum, exclusiveMaximum, true) ||
    above(exclusiveMinimum, exclusiveMaximum, true)
  );
}

function test(
  text: string | undefined,
  holds: (value: Decimal, limit: Decimal) => boolean,
  words: string,
): { holds: typeof holds; limit: Decimal; words: string } | undefined {
  return text === undefined ? undefined : { holds, limit: new Decimal(text), words };
}
