import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { sayIssue } from './say-issue.ts';

const test = suite('issues in words');

const schema = z.strictObject({
  count: z.int().min(1).max(10),
  above: z.number().positive(),
  name: z.string().min(1).max(3).regex(/^a/, 'must begin with a'),
  kind: z.enum(['one', 'two']),
  on: z.boolean(),
  some: z.array(z.string()).max(1),
});
const good = { count: 1, above: 1, name: 'a', kind: 'one', on: true, some: [] };

function said(given: object): string[] {
  const parsed = schema.safeParse({ ...good, ...given }, { error: sayIssue });
  return parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
}

test('each kind of issue is a sentence', () => {
  assert.equal(said({}), []);
  for (const [given, sentence] of [
    [{ count: undefined }, 'count is missing'],
    [{ count: '1' }, 'count must be a number'],
    [{ count: 1.5 }, 'count must be a whole number'],
    [{ count: 0 }, 'count must be at least 1'],
    [{ count: 11 }, 'count must be at most 10'],
    [{ above: 0 }, 'above must be more than 0'],
    [{ name: 'abcd' }, 'name must have at most 3 characters'],
    [{ name: 'b' }, 'name must begin with a'],
    [{ kind: 'three' }, 'kind must be one of one, two'],
    [{ kind: undefined }, 'kind is missing'],
    [{ on: 1 }, 'on must be true or false'],
    [{ some: ['a', 'b'] }, 'some must have at most 1 members'],
    [{ colour: 1 }, ' must not have colour'],
  ] as const) {
    assert.equal(said(given), [sentence]);
  }
});

test.run();
