import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { registered } from '../registered.ts';
import { rebuildable } from './rebuildable.ts';

const test = suite('rebuildable');

test('the catalogue can be rebuilt', () => {
  assert.is(rebuildable(registered, 'catalogue').name, 'catalogue');
});

for (const [name, sentence] of [
  [undefined, 'Say which: CONSUMER=… (catalogue, pricing, inventory).'],
  ['nope', 'There is no consumer nope; there are catalogue, pricing, inventory.'],
  ['inventory', 'inventory cannot be rebuilt: it is a ledger'],
  ['pricing', 'pricing cannot be rebuilt: it keeps the history'],
] as const) {
  test(`${name ?? 'no name'} is refused in a sentence`, () => {
    assert.throws(
      () => rebuildable(registered, name),
      (error: Error) => error.message.startsWith(sentence) && !error.message.includes('\n'),
    );
  });
}

test.run();
