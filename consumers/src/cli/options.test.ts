import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sayVariable } from './options.ts';

const test = suite('command-line options');

test('a missing option is named as make gives it', () => {
  let said = '';
  sayVariable("error: required option '--consumer <name>' not specified\n", (text) => {
    said = text;
  });
  assert.is(said, 'error: CONSUMER=… is missing (or --consumer)\n');
});

test('a webhook for products without ids is refused', () => {
  const source = import.meta.url.endsWith('.ts');
  const cli = fileURLToPath(new URL(`../pricing/cli.${source ? 'ts' : 'js'}`, import.meta.url));
  const loader = source ? ['--conditions=source', '--import', 'tsx'] : [];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...loader, cli, 'add', '--url', 'http://127.0.0.1:9', '--product', ','],
    {
      encoding: 'utf8',
      env: { ...process.env, CONSUMERS_DATABASE_URL: 'postgres://127.0.0.1:9/x' },
    },
  );
  assert.is(status, 1);
  assert.match(stderr, /separated by one comma/);
});

test.run();
