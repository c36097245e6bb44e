// Which folder may import from which, and where state and settings may be; consumers/src/runtime/README.md draws the floors.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { architectureFaults, type Source } from '../support/architecture.ts';

const test = suite('architecture');

const WORKSPACES = [
  ...['connect-config', 'consumers', 'dashboard', 'local', 'monitor', 'producer-api'],
  ...['product-database', 'schemas', 'service-kit'],
];

function sourcesOf(workspaces: readonly string[]): Source[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...workspaces], {
    cwd: checkoutRoot,
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((path) => /\/src\/.*\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(checkoutRoot, path), 'utf8') }));
}

test('the house is in order', () => {
  const sources = sourcesOf(WORKSPACES);
  assert.ok(sources.length > 400, `${sources.length} files`);
  assert.equal(architectureFaults(sources), []);
});

const FORBIDDEN: readonly [what: string, path: string, line: string][] = [
  [
    'a floor above',
    'consumers/src/runtime/positions/claim.ts',
    "import { applyBatch } from '../apply/apply-batch.ts';",
  ],
  [
    'the application',
    'consumers/src/runtime/contract/definition.ts',
    "import type { ConsumersConfig } from '../../config.ts';",
  ],
  ['kafkajs', 'monitor/src/start.ts', "import { Kafka } from 'kafkajs';"],
  [
    'what is for tests alone',
    'monitor/src/start.ts',
    "import { apply } from '@shelfcast/consumers/internals/pricing/apply';",
  ],
  ['the environment', 'monitor/src/start.ts', 'const port = process.env.PORT;'],
  ['state of a module', 'monitor/src/start.ts', 'const seen = new Map<string, number>();'],
  ['state that is one variable', 'monitor/src/start.ts', 'let started = false;'],
];

for (const [what, path, line] of FORBIDDEN) {
  test(`${what} is found`, () => {
    assert.is(architectureFaults([{ path, text: `${line}\n` }]).length, 1);
  });
}

test('a circle of imports is found, and one of types alone is none', () => {
  const circle = (word: string) =>
    architectureFaults([
      { path: 'monitor/src/a.ts', text: `${word} { b } from './b.ts';\n` },
      { path: 'monitor/src/b.ts', text: `${word} { a } from './a.ts';\n` },
    ]);
  assert.equal(circle('import'), [
    'a circle of imports: monitor/src/a.ts → monitor/src/b.ts → monitor/src/a.ts',
  ]);
  assert.equal(circle('import type'), []);
});

test.run();
