import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newConsumer } from './names.ts';
import { renderTemplate } from './plan.ts';

/** Code in docs/writing-a-consumer.md begins with the file it is from; `// …` stands for what is left out. */
const root = new URL('../../../', import.meta.url);
const guide = readFileSync(new URL('docs/writing-a-consumer.md', root), 'utf8');
const reviews = renderTemplate(
  fileURLToPath(new URL('consumers/template', root)),
  newConsumer({ name: 'reviews', table: undefined, column: undefined }),
);

const withoutLayout = (text: string) => text.replace(/\s+/g, ' ').trim();

test('code in the guide is code of the template, or of a consumer', () => {
  const blocks = [...guide.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)];
  assert.is(blocks.length, guide.match(/^```ts$/gm)?.length, 'each names its file');
  for (const [, path = '', code = ''] of blocks) {
    const file = reviews.get(path) ?? readFileSync(new URL(path, root), 'utf8');
    for (const excerpt of code.split('// …')) {
      assert.ok(withoutLayout(file).includes(withoutLayout(excerpt)), `${path}: ${excerpt}`);
    }
  }
});

test('files that the guide names are there', () => {
  const paths = [...guide.matchAll(/`((?:schemas|consumers|connect-config)\/src\/[^`]+\.ts)`/g)];
  assert.ok(paths.length > 3);
  for (const [, path = ''] of paths) readFileSync(new URL(path, root));
});

test('every placeholder of the template is filled in', () => {
  for (const [path, text] of reviews) assert.not.match(text, '{{', path);
});

test.run();
