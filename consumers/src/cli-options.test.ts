import { Command } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { switchOption } from './cli-options.ts';

function parse(args: string[], env?: string): { all?: boolean } {
  if (env === undefined) delete process.env.TEST_ALL;
  else process.env.TEST_ALL = env;
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addOption(switchOption('--all', 'everything', 'TEST_ALL'));
  return command.parse(args, { from: 'user' }).opts();
}

test('a switch is what is said, not whether something is said', () => {
  assert.is(parse(['--all']).all, true);
  assert.is(parse([]).all, undefined);
  assert.is(parse([], '1').all, true);
  for (const off of ['0', 'no', 'false', '']) assert.not(parse([], off).all, off);
  assert.throws(() => parse([], 'maybe'), /TEST_ALL is 1 or 0/);
});

test.run();
