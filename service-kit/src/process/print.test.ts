import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printable, printableLines } from './print.ts';

const test = suite('print');

test('a value stays on its line, and does nothing to the terminal', () => {
  assert.is(printable('P-1\x1b[2J\nP-2'), 'P-1\\x1b[2J\\nP-2');
  assert.is(printable(7n), '7');
});

test('lines stay lines', () => {
  assert.is(printableLines('one\n\ttwo\u009b2J\u202e'), 'one\n\ttwo\\x9b2J\\u202e');
});

test.run();
