import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOriginAllowed } from './origin.ts';

const test = suite('origin');

test('programs, pages of the same address and allowed origins may call; others may not', () => {
  const allowed = ['https://dashboard.example'];
  const may = (origin: string | undefined, host = 'monitor.example:7070') =>
    isOriginAllowed({ origin, host }, allowed);
  assert.is(may(undefined), true);
  assert.is(may('https://monitor.example:7070'), true);
  assert.is(may('https://dashboard.example'), true);
  assert.is(may('https://elsewhere.example'), false);
  assert.is(may('https://monitor.example'), false, 'another port is another origin');
  assert.is(may('null'), false, 'a sandboxed frame');
  assert.is(may('https://dashboard.example.evil.example'), false);
});

test.run();
