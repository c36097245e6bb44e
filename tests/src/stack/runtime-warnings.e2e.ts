// What Node and the JVM warn of, each where it was found once: deprecated calls, timers set wrongly, old jars.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';

const test = suite('warnings of Node and the JVM');

const WARNINGS = [
  /^\(node:\d+\) /,
  /\b(Experimental|Deprecation|TimeoutNegative|TimeoutOverflow|MaxListenersExceeded)Warning\b/,
  /^WARNING: /,
  /\bVM warning: /,
  /^\[[^\]]*\]\[warning\s*\]\[(cds|aot)/,
];

test('no process of the stack has been warned', () => {
  const folder = join(fromEnvironment('TEST_STATE_DIR'), 'logs');
  const logs = readdirSync(folder);
  for (const log of ['kafka.log', 'registry.log', 'connect.log', 'consumers.log', 'monitor.log']) {
    assert.ok(logs.includes(log), log);
  }
  const warnings = logs.flatMap((log) =>
    readFileSync(join(folder, log), 'utf8')
      .split('\n')
      .filter((line) => WARNINGS.some((warning) => warning.test(line)))
      .map((line) => `${log}: ${line}`),
  );
  assert.equal(warnings, []);
});

test.run();
