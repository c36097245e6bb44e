import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const cli = fileURLToPath(new URL(`./main.${suffix}`, import.meta.url));

/** Nothing listens there: what is wrong with an argument is said without a database. */
const CONSUMERS_DATABASE_URL = 'postgres://nobody@127.0.0.1:1/none';

function run(command: string, variables: Readonly<Record<string, string>>) {
  const { status, stderr } = spawnSync(process.execPath, [...process.execArgv, cli, command], {
    env: { ...process.env, CONSUMERS_DATABASE_URL, ...variables },
    encoding: 'utf8',
  });
  return { status, said: stderr };
}

for (const [command, variables, sentence] of [
  ['redrive', {}, /Say which/],
  ['redrive', { ID: 'abc' }, /ID/],
  ['redrive', { ALL: '1', RATE: 'abc' }, /RATE/],
  ['redrive', { ID: '1', EDIT: '["name"]' }, /EDIT/],
  ['pause', { REASON: ' ' }, /REASON/],
] as const) {
  test(`${command} ${JSON.stringify(variables)} says what is wrong, in words`, () => {
    const { status, said } = run(command, { CONSUMER: 'catalogue', ...variables });
    assert.is(status, 1, said);
    assert.match(said, sentence);
    assert.not.match(said, /\n\s+at |ReferenceError/);
  });
}

test.run();
