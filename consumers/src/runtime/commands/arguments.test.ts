import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandArguments } from './arguments.ts';

const test = suite('command arguments');

test('an id is a number that the database can have', () => {
  const { redrive } = commandArguments;
  assert.equal(redrive.parse({ ids: ['9'.repeat(18)] }).ids, ['9'.repeat(18)]);
  for (const id of ['9'.repeat(26), '', '1; drop table x']) {
    assert.throws(() => redrive.parse({ ids: [id] }), /at most 18 digits/);
  }
});

test.run();
