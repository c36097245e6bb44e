import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type KeyPress, matchKey, type Shortcut } from './shortcuts.ts';

const test = suite('shortcuts');

const shortcut = (keys: string): Shortcut => ({
  keys,
  label: keys,
  group: 'Everywhere',
  run: () => {},
});
const all = ['/', 'g o', 'g l', 'j', 'Mod+k'].map(shortcut);
const press = (key: string, atMs = 0, isMod = false): KeyPress => ({ key, atMs, isMod });

test('a key alone', () => {
  assert.is(matchKey(all, press('/'), undefined).hit?.keys, '/');
  assert.is(matchKey(all, press('K', 0, true), undefined).hit?.keys, 'Mod+k');
  assert.is(matchKey(all, press('k'), undefined).hit, undefined);
});

test('two keys, one soon after the other', () => {
  const { hit, pending } = matchKey(all, press('g', 0), undefined);
  assert.is(hit, undefined);
  assert.is(matchKey(all, press('l', 500), pending).hit?.keys, 'g l');
  assert.is(matchKey(all, press('l', 5_000), pending).hit, undefined);
  assert.is(matchKey(all, press('j', 500), pending).hit?.keys, 'j');
});

test('a view may have a key for itself while it is open', () => {
  const own = { ...shortcut('j'), label: 'of the view' };
  assert.is(matchKey([...all, own], press('j'), undefined).hit?.label, 'of the view');
});

test.run();
