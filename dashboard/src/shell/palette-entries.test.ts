import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matchEntries, type PaletteEntry } from './palette-entries.ts';

const test = suite('palette entries');
const entries = ['Overview', 'Dead letters', 'Audit', 'Send an event'].map(
  (label): PaletteEntry => ({ id: label, label, group: 'Go to', run: () => {} }),
);
const labels = (text: string) => matchEntries(entries, text).map(({ label }) => label);

test('every word has to be there, beginnings come first', () => {
  assert.equal(labels('let dea'), ['Dead letters']);
  assert.equal(labels('a'), ['Audit', 'Dead letters', 'Send an event']);
  assert.equal(labels(''), ['Overview', 'Dead letters', 'Audit', 'Send an event']);
  assert.equal(labels('nothing'), []);
});

test.run();
