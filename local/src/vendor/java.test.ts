import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJavaVersion } from './java.ts';

const test = suite('Java version');

test('old and new ways of counting', () => {
  assert.equal(parseJavaVersion('openjdk version "17.0.15" 2025-04-15\n'), {
    version: '17.0.15',
    feature: 17,
  });
  assert.is(parseJavaVersion('java version "1.8.0_392"')?.feature, 8);
  assert.is(parseJavaVersion('openjdk version "21" 2023-09-19')?.feature, 21);
  assert.is(parseJavaVersion('bash: java: command not found'), undefined);
});

test.run();
