import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inSentence, visibleParts, visibleText } from './visible-text.ts';

const test = suite('visible text');

test('what acts on a screen is written out', () => {
  for (const [text, visible] of [
    ['\x1b[2J\x1b[H', '\\x1b[2J\\x1b[H'],
    ['a\u009b31mb', 'a\\x9b31mb'],
    ['\0\x07\x7f', '\\x00\\x07\\x7f'],
    ['one\r\ntwo\t3', 'one\\r\\ntwo\\t3'],
    ['invoice\u202etxt.exe', 'invoice\\u202etxt.exe'],
    [
      '\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c',
      '\\u202a\\u202b\\u202c\\u202d\\u2066\\u2067\\u2068\\u2069\\u200e\\u200f\\u061c',
    ],
    ['P\u200b-\u200d1\u2060\ufeff\u00ad', 'P\\u200b-\\u200d1\\u2060\\ufeff\\xad'],
    ['a\u2028b\u2029\ufff9\u{e0041}', 'a\\u2028b\\u2029\\ufff9\\u{e0041}'],
    ['half \ud83d', 'half \\ud83d'],
  ] as const) {
    assert.is(visibleText(text), visible);
    assert.is(visibleText(visibleText(text)), visible, 'twice is as good as once');
  }
});

test('what is seen stays: letters of every script, accents, and emoji with their joiners', () => {
  for (const text of [
    'Tisch Öko 19,90 €',
    'שולחן',
    'طاولة',
    '机',
    'e\u0301',
    '❤\ufe0f 👩\u200d💻 1\ufe0f\u20e3 👍🏽',
  ]) {
    assert.is(visibleText(text), text);
  }
  assert.is(visibleText('one\ntwo\x1b', '\n\t'), 'one\ntwo\\x1b');
});

test('parts tell what was written out from what was there', () => {
  assert.equal(visibleParts('\\x1b\x1b.'), [
    { text: '\\x1b', isEscape: false },
    { text: '\\x1b', isEscape: true },
    { text: '.', isEscape: false },
  ]);
  assert.equal(visibleParts(''), []);
});

test('in a sentence, only what is written from right to left is set apart', () => {
  assert.is(inSentence('P-1\u202e'), 'P-1\\u202e');
  assert.is(inSentence('שולחן'), '\u2068שולחן\u2069');
});

test.run();
