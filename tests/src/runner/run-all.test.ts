import { spawnSync } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compiledPath } from './discover.ts';
import { runAll } from './run-all.ts';

// The sandbox lies inside the checkout, so that its files find uvu and tsx.
const SANDBOXES = join(import.meta.dirname, '../../dist');
const HEAD = `import { test } from 'uvu';\nimport * as assert from 'uvu/assert';\n`;
// Run by Node alone, what is tested is how compiled files are run: those of the sandbox have no types to lose.
const compiled = import.meta.url.endsWith('.js');
const ONE_PASSES = `${HEAD}test('one', () => {});\ntest.run();\n`;

async function runSandbox(
  files: Record<string, string>,
  options: {
    filters?: string[];
    kind?: 'unit' | 'e2e' | 'all';
    fileTimeoutMs?: number;
    lanes?: number;
    /** A file in the sandbox at whose appearance the run is aborted. */
    abortWhen?: string;
  } = {},
): Promise<{ exitCode: number; output: string; lastLine: string | undefined }> {
  await mkdir(SANDBOXES, { recursive: true });
  const root = await mkdtemp(join(SANDBOXES, 'runner-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      for (const place of compiled ? [path, compiledPath(path)] : [path]) {
        await mkdir(dirname(join(root, place)), { recursive: true });
        await writeFile(join(root, place), source);
      }
    }
    const controller = new AbortController();
    if (options.abortWhen !== undefined) {
      void appears(join(root, options.abortWhen)).then(() => controller.abort());
    }
    let output = '';
    const exitCode = await runAll({
      root,
      kind: options.kind ?? 'all',
      filters: options.filters ?? [],
      compiled,
      lanes: options.lanes ?? 2,
      timeoutMs: 120_000,
      fileTimeoutMs: options.fileTimeoutMs ?? 60_000,
      env: process.env,
      signal: controller.signal,
      write: (text) => {
        output += text;
      },
    });
    return { exitCode, output, lastLine: output.trimEnd().split('\n').at(-1) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function appears(path: string): Promise<void> {
  while ((await access(path).catch((error: Error) => error)) instanceof Error) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('passing files pass, and files of built or installed folders are not run', async () => {
  const { exitCode, lastLine } = await runSandbox({
    'a/src/a.test.ts': ONE_PASSES,
    'a/src/deep/b.test.ts': `${HEAD}test('one', () => {});\ntest.skip('two', () => {});\ntest.run();\n`,
    'a/dist/src/a.test.ts': 'throw new Error("never run");',
    'node_modules/x/src/a.test.ts': 'throw new Error("never run");',
  });
  assert.is(exitCode, 0);
  assert.is(lastLine, '2 passed, 0 failed, 1 skipped');
});

test('a file whose tests are all skipped passes, and is counted as skipped', async () => {
  const { exitCode, lastLine } = await runSandbox({
    'a/src/a.test.ts': `${HEAD}test.skip('one', () => assert.unreachable());\ntest.run();\n`,
  });
  assert.is(exitCode, 0);
  assert.is(lastLine, '0 passed, 0 failed, 1 skipped');
});

const FAILING: Record<string, { source: string; summary: RegExp }> = {
  'a failing test': {
    source: `${HEAD}test('one', () => assert.is(1, 2));\ntest.run();\n`,
    summary: /1 of 1 failed[\s\S]*FAIL[\s\S]*one/,
  },
  'a throwing before hook': {
    source: `${HEAD}test.before(() => { throw new Error('boom'); });\ntest('one', () => {});\ntest.run();\n`,
    summary: /1 of 1 failed/,
  },
  'a throwing after.each': {
    source: `${HEAD}test.after.each(() => { throw new Error('boom'); });\ntest('one', () => {});\ntest('two', () => {});\ntest.run();\n`,
    summary: /failed/,
  },
  'a missing .run()': {
    source: `${HEAD}test('one', () => assert.unreachable());\n`,
    summary: /no totals|no test/,
  },
  'a file that registers nothing': {
    source: `${HEAD}test.run();\nassert.ok(true);\n`,
    summary: /no test was registered/,
  },
  'an only that hides a failure': {
    source: `${HEAD}test.${'only'}('one', () => {});\ntest('two', () => assert.unreachable());\ntest.run();\n`,
    summary: /\.only\( would hide/,
  },
  'a crash while loading': {
    source: `${HEAD}throw new Error('boom at load');\n`,
    summary: /no totals[\s\S]*boom at load/,
  },
  'an exit in the middle': {
    source: `${HEAD}test('one', () => process.exit(0));\ntest.run();\n`,
    summary: /no totals/,
  },
  'a crash after the totals': {
    source: `${HEAD}test('one', () => { setTimeout(() => { throw new Error('late'); }, 50); });\ntest.run();\n`,
    summary: /exit code 1[\s\S]*late/,
  },
};

for (const [name, { source, summary }] of Object.entries(FAILING)) {
  test(`${name} fails the run`, async () => {
    const { exitCode, output, lastLine } = await runSandbox({ 'a/src/a.test.ts': source });
    assert.is(exitCode, 1);
    assert.match(output, summary);
    assert.match(lastLine ?? '', /^\d+ passed, [1-9]\d* failed, \d+ skipped$/);
  });
}

const HANGS = `await new Promise(() => setInterval(() => {}, 1000));`;

test('a file that hangs is out of time', async () => {
  const { exitCode, output } = await runSandbox(
    { 'a/src/a.test.ts': `${HEAD}test('hangs', async () => { ${HANGS} });\ntest.run();\n` },
    { fileTimeoutMs: 500 },
  );
  assert.is(exitCode, 1);
  assert.match(output, /out of time/);
});

test('a file that is killed takes everything it started with it', async () => {
  const source = `${HEAD}import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
test('hangs', async () => {
  const child = spawn('sleep', ['300'], { stdio: 'inherit' });
  console.log('child=' + child.pid);
  writeFileSync('started.new', '');
  renameSync('started.new', 'started');
  ${HANGS}
});
test.run();\n`;
  const { output } = await runSandbox({ 'a/src/a.test.ts': source }, { abortWhen: 'started' });
  const pid = Number(/child=(\d+)/.exec(output)?.[1]);
  assert.ok(pid > 0, output);
  // A container without an init process keeps the dead child as a zombie.
  const { stdout: state } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  assert.match(state, /^(Z.*)?\s*$/);
});

test('a filter that matches no file fails, though another one matches', async () => {
  const { exitCode, output, lastLine } = await runSandbox(
    { 'a/src/a.test.ts': ONE_PASSES },
    { filters: ['a.test', 'nothing-like-it'] },
  );
  assert.is(exitCode, 1);
  assert.match(output, /matches nothing-like-it/);
  assert.is(lastLine, '1 passed, 1 failed, 0 skipped');
});

test('no file at all fails', async () => {
  const { exitCode } = await runSandbox({ 'a/src/a.ts': '' });
  assert.is(exitCode, 1);
});

/** A lane's stack that writes down when it starts and stops, and in which lane. */
const LANE_STACK = `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const at = (path) => join(import.meta.dirname, '../../..', path);
export const laneStack = (lane) => ({
  env: { LANE: String(lane) },
  logFolders: [at('logs-' + lane)],
  async start() {
    if (process.env.BROKEN_LANES?.includes(String(lane))) throw new Error('no stack in lane ' + lane);
    mkdirSync(at('logs-' + lane));
    writeFileSync(at('logs-' + lane + '/connect.log'), 'INFO before\\n');
    appendFileSync(at('events'), 'start ' + lane + '\\n');
    return { STACK: 'up' };
  },
  async stop() { appendFileSync(at('events'), 'stop ' + lane + '\\n'); throw new Error('stop of ' + lane + ' ran'); },
});\n`;
const STACK_STOPS = LANE_STACK.replace(/ throw new Error\('stop of .*?\);/, '');

test('end-to-end files get the variables of their stack, which is stopped in the end', async () => {
  const { exitCode, output, lastLine } = await runSandbox(
    {
      'tests/src/support/lane-stack.ts': LANE_STACK,
      'tests/src/a.e2e.ts': `${HEAD}test('env', () => assert.is(process.env.STACK + process.env.LANE, 'up0'));\ntest.run();\n`,
    },
    { kind: 'e2e' },
  );
  assert.match(output, /ok {4}tests\/src\/a\.e2e\.ts/);
  assert.match(output, /the stack did not stop[\s\S]*stop of 0 ran/);
  assert.is(exitCode, 1);
  assert.is(lastLine, '1 passed, 1 failed, 0 skipped');
});

test('each lane runs one file at a time, on a stack of its own', async () => {
  const alone = `${HEAD}import { existsSync, rmSync, writeFileSync } from 'node:fs';
test('has the stack to itself, and meets the other lane', async () => {
  const busy = 'busy-' + process.env.LANE;
  assert.not(existsSync(busy));
  writeFileSync(busy, '');
  writeFileSync('ran-' + process.env.LANE, '');
  while (!existsSync('ran-0') || !existsSync('ran-1')) await new Promise((resolve) => setTimeout(resolve, 20));
  rmSync(busy);
});
test.run();\n`;
  const files = Object.fromEntries(
    'abcdef'.split('').map((name) => [`tests/src/${name}.e2e.ts`, alone]),
  );

  const { exitCode, output, lastLine } = await runSandbox({
    'tests/src/support/lane-stack.ts': STACK_STOPS,
    ...files,
  });

  assert.is(exitCode, 0, output);
  assert.is(lastLine, '6 passed, 0 failed, 0 skipped');
});

test('files that need the machine run on the stack when no other file runs, and its only lane', async () => {
  const busy = `${HEAD}import { existsSync, rmSync, writeFileSync } from 'node:fs';
test('takes a while', async () => {
  const name = 'busy-' + process.env.LANE;
  writeFileSync(name, '');
  await new Promise((resolve) => setTimeout(resolve, 300));
  rmSync(name);
});
test.run();\n`;
  const alone = `${HEAD}import { existsSync, readFileSync } from 'node:fs';
test('no other file runs', () => {
  assert.not(existsSync('busy-0') || existsSync('busy-1'));
  assert.is(process.env.STACK, 'up');
  assert.is(readFileSync('events', 'utf8').trim().split('\\n').at(-1), 'stop 1');
});
test.run();\n`;
  const { lastLine, output } = await runSandbox({
    'tests/src/support/lane-stack.ts': STACK_STOPS,
    'tests/src/a.alone.e2e.ts': alone,
    ...Object.fromEntries('bcdefg'.split('').map((name) => [`tests/src/${name}.e2e.ts`, busy])),
  });
  assert.is(lastLine, '7 passed, 0 failed, 0 skipped', output);
});

test('files with a stack of their own run last, when the stack of their lane is down', async () => {
  const own = `${HEAD}import { readFileSync } from 'node:fs';
test('the stack is down', () => {
  assert.is(readFileSync('events', 'utf8'), 'start 0\\nstop 0\\n');
  assert.is(process.env.LANE, '0');
  assert.is(process.env.STACK, undefined);
});
test.run();\n`;
  const { lastLine, output } = await runSandbox(
    {
      'tests/src/support/lane-stack.ts': STACK_STOPS,
      'tests/src/a.own-stack.e2e.ts': own,
      'tests/src/b.e2e.ts': ONE_PASSES,
    },
    { lanes: 1 },
  );
  assert.is(lastLine, '2 passed, 0 failed, 0 skipped', output);
});

test('no stack is started for files that need none', async () => {
  const { lastLine, output } = await runSandbox(
    {
      'tests/src/support/lane-stack.ts': LANE_STACK,
      'tests/src/a.own-stack.e2e.ts': ONE_PASSES,
      'a/src/b.test.ts': ONE_PASSES,
    },
    { lanes: 1 },
  );
  assert.is(lastLine, '2 passed, 0 failed, 0 skipped', output);
});

test('a lane whose stack does not start fails the run and leaves its files to the other', async () => {
  process.env.BROKEN_LANES = '0';
  try {
    const { exitCode, output, lastLine } = await runSandbox({
      'tests/src/support/lane-stack.ts': STACK_STOPS,
      ...Object.fromEntries(
        'abcdef'.split('').map((name) => [`tests/src/${name}.e2e.ts`, ONE_PASSES]),
      ),
    });
    assert.is(exitCode, 1);
    assert.match(output, /the stack did not start[\s\S]*no stack in lane 0/);
    assert.is(lastLine, '6 passed, 1 failed, 0 skipped');
  } finally {
    delete process.env.BROKEN_LANES;
  }
});

test('files that no lane has a stack for are counted as failed', async () => {
  process.env.BROKEN_LANES = '01';
  try {
    const { output, lastLine } = await runSandbox({
      'tests/src/support/lane-stack.ts': STACK_STOPS,
      'tests/src/a.e2e.ts': ONE_PASSES,
    });
    assert.match(output, /a\.e2e\.ts: not run/);
    assert.not.match(output, /ok {4}/);
    assert.is(lastLine, '0 passed, 2 failed, 0 skipped');
  } finally {
    delete process.env.BROKEN_LANES;
  }
});

test('what the stack logged while a file failed is kept, and its errors are shown', async () => {
  const { output } = await runSandbox({
    'tests/src/support/lane-stack.ts': STACK_STOPS,
    'tests/src/a.e2e.ts': `${HEAD}import { appendFileSync } from 'node:fs';
test('fails', () => {
  appendFileSync('logs-0/connect.log', 'INFO unimportant\\nERROR the table vanished\\n');
  assert.unreachable();
});
test.run();\n`,
  });
  assert.match(
    output,
    /Logs of its stack: .*test-failures\/a\.e2e\n +connect\.log: ERROR the table vanished\n/,
  );
  assert.not.match(output, /unimportant|before/);
});

test('the slowest files are listed', async () => {
  const names = Array.from({ length: 11 }, (_, index) => `a/src/t${index}.test.ts`);
  const { output } = await runSandbox(Object.fromEntries(names.map((name) => [name, ONE_PASSES])));
  const listed = output.slice(output.indexOf('The slowest files:')).match(/ s {2}a\/src\/t/g);
  assert.is(listed?.length, 10);
});

test.run();
