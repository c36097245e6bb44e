import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('event-loop watchdog');

/** Runs a script with a watchdog of 500 ms; how it ended, and what it said. */
async function run(script: string, meanwhile?: (child: ChildProcess) => Promise<void>) {
  const own = import.meta.url; // source or compiled, what it tests is the same
  const module = new URL(`./event-loop-watchdog${extname(own)}`, own).href;
  const source = `import { startEventLoopWatchdog } from ${JSON.stringify(module)};
    const watchdog = startEventLoopWatchdog({ service: 'test', timeoutMs: 500 });
    ${script}`;
  const child = spawn(
    process.execPath,
    [...process.execArgv, '--input-type=module', '--eval', source],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const closed = once(child, 'close');
  await meanwhile?.(child);
  const [code, signal] = await closed;
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

test('a process that was stopped as a whole for longer is not killed for that', async () => {
  const script = `console.log('started'); setInterval(() => {}, 1);`;
  const { signal, said } = await run(script, async (child) => {
    if (child.stdout !== null) await once(child.stdout, 'data');
    for (let time = 0; time < 5; time += 1) {
      child.kill('SIGSTOP');
      await delay(700);
      child.kill('SIGCONT');
      await delay(200);
    }
    child.kill('SIGTERM');
  });
  assert.equal([signal, said], ['SIGTERM', '']);
});

test.run();
