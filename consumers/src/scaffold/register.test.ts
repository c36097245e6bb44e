import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addConsumer, addGroup } from './register.ts';

test('a group is added at the end, however the list is broken into lines', () => {
  const oneLine = `export const GROUPS = ['a', 'b'] as const;\nexport type G = string;\n`;
  const manyLines = `export const GROUPS = [\n  'a',\n  'b',\n] as const;\n`;
  assert.is(
    addGroup(oneLine, 'c'),
    `export const GROUPS = ['a', 'b', 'c'] as const;\nexport type G = string;\n`,
  );
  assert.is(addGroup(manyLines, 'c'), `export const GROUPS = [\n  'a',\n  'b', 'c'] as const;\n`);
});

test('a consumer is imported and listed', () => {
  const source = [
    `import { a } from './a/consumer.ts';`,
    `import type { Consumer } from './runtime/definition.ts';`,
    '',
    'const consumers: Record<string, Consumer> = {',
    '  a,',
    '};',
    '',
    'export const registered = f((name) => consumers[name]);',
    '',
  ].join('\n');
  const lines = addConsumer(source, { name: 'stock_watch', identifier: 'stockWatch' }).split('\n');
  assert.equal(lines, [
    `import { a } from './a/consumer.ts';`,
    `import type { Consumer } from './runtime/definition.ts';`,
    `import { stockWatch } from './stock_watch/consumer.ts';`,
    '',
    'const consumers: Record<string, Consumer> = {',
    '  a,',
    '  stock_watch: stockWatch,',
    '};',
    '',
    'export const registered = f((name) => consumers[name]);',
    '',
  ]);
  assert.match(addConsumer(source, { name: 'b', identifier: 'b' }), '  a,\n  b,\n};');
});

test('a file that has become another is not guessed at', () => {
  assert.throws(() => addGroup('export const GROUPS = new Set();', 'c'), /no place/);
  assert.throws(() => addConsumer('', { name: 'b', identifier: 'b' }), /no place/);
});

test.run();
