import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('event-loop watchdog');

/** Runs a script with a watchdog of 500 ms; how it ended, and what it said. */
async function run(script: string) {
  const own = import.meta.url; // source or compiled, what it tests is the same
  const module = new URL(`./event-loop-watchdog${extname(own)}`, own).href;
  const source = `import { startEventLoopWatchdog } from ${JSON.stringify(module)};
    const watchdog = startEventLoopWatchdog({ service: 'test', timeoutMs: 500 });
    ${script}`;
  const child = spawn(
    process.execPath,
    [...process.execArgv, '--input-type=module', '--eval', source],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, said };
}

test('a loop that stands still ends the process, and says why', async () => {
  const { signal, said } = await run('setTimeout(() => { for (;;); }, 500);');
  assert.is(signal, 'SIGKILL');
  assert.match(said, 'the event loop stood still for 500 ms');
});

test('a loop that turns is left alone, and a stopped watchdog keeps nothing alive', async () => {
  const { code, said } = await run(
    'setTimeout(() => {}, 1500); setTimeout(() => watchdog.stop(), 1400);',
  );
  assert.equal([code, said], [0, '']);
});

test.run();
