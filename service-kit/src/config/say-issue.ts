import type { z } from 'zod';

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  date: 'a time',
  int: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

/**
 * What a schema found wrong, in words that go on from the name of what it was found in: "limit must be at most 500".
 * For the option `error` of zod's `safeParse`; where a schema has words of its own, those are used.
 */
export function sayIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${TYPES[issue.expected] ?? `of the type ${issue.expected}`}`;
    case 'unrecognized_keys':
      return `must not have ${issue.keys.join(', ').slice(0, 200)}`;
    case 'invalid_value': {
      if (issue.input === undefined) return 'is missing';
      const values = issue.values.map(String);
      return `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`;
    }
    case 'too_big':
      return `must ${sayBound(issue.origin, `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`)}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return `must ${sayBound(issue.origin, `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`)}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return 'is not written as it has to be';
    default:
      return 'is none of what can be here';
  }
}

function sayBound(origin: string, bound: string): string {
  if (origin === 'string') return `have ${bound} characters`;
  if (origin === 'array' || origin === 'set') return `have ${bound} members`;
  return `be ${bound}`;
}
