import type { z } from 'zod';

/** One thing wrong with a request's body. */
export interface Violation {
  /** Where in the body (RFC 6901). */
  readonly pointer: string;
  /** Which rule was broken, in a word for programs. */
  readonly code: ViolationCode;
  /** The same in words for people. */
  readonly detail: string;
}

export type ViolationCode =
  | 'missing'
  | 'unknown_field'
  | 'wrong_type'
  | 'out_of_range'
  | 'not_exact'
  | 'too_short'
  | 'too_long'
  | 'bad_format'
  | 'bad_character'
  | 'bad_order'
  | 'not_the_key'
  | 'reserved'
  | 'bad_schema'
  | 'incompatible';

/** A name in an answer: a longer one is cut, since each violation below it repeats it. */
const MAX_STEP_LENGTH = 200;

/** A member's name as a step of a JSON pointer. */
export function pointerStep(name: string): string {
  const step = name.length > MAX_STEP_LENGTH ? `${name.slice(0, MAX_STEP_LENGTH)}…` : name;
  return `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** What a schema found wrong with a request. */
export function violationsOf({ issues }: z.ZodError): Violation[] {
  return issues.map(({ path, message, code }) => ({
    pointer: path.map((step) => pointerStep(String(step))).join(''),
    code: code === 'unrecognized_keys' ? 'unknown_field' : 'wrong_type',
    detail: message,
  }));
}
