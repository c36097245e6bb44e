import { spawnSync } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compiledPath } from './discover.ts';
import { guard } from './guard.ts';

// The sandbox lies inside the checkout, so that its files find uvu and tsx.
const SANDBOXES = join(import.meta.dirname, '../../dist');
const HEAD = `import { test } from 'uvu';\nimport * as assert from 'uvu/assert';\n`;
// Run by Node alone, what is tested is how compiled files are run: those of the sandbox have no types to lose.
const compiled = import.meta.url.endsWith('.js');
const ONE_PASSES = `${HEAD}test('one', () => {});\ntest.run();\n`;

async function guarded(
  files: Record<string, string>,
  options: {
    filters?: string[];
    kind?: 'unit' | 'e2e' | 'all';
    fileTimeoutMs?: number;
    /** A file in the sandbox at whose appearance the run is aborted. */
    abortWhen?: string;
  } = {},
): Promise<{ exitCode: number; output: string; lastLine: string | undefined }> {
  await mkdir(SANDBOXES, { recursive: true });
  const root = await mkdtemp(join(SANDBOXES, 'guard-'));
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
    const exitCode = await guard({
      root,
      kind: options.kind ?? 'all',
      filters: options.filters ?? [],
      compiled,
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
  const { exitCode, lastLine } = await guarded({
    'a/src/a.test.ts': ONE_PASSES,
    'a/src/deep/b.test.ts': `${HEAD}test('one', () => {});\ntest.skip('two', () => {});\ntest.run();\n`,
    'a/dist/src/a.test.ts': 'throw new Error("never run");',
    'node_modules/x/src/a.test.ts': 'throw new Error("never run");',
  });
  assert.is(exitCode, 0);
  assert.is(lastLine, '2 passed, 0 failed, 1 skipped');
});

test('a file whose tests are all skipped passes, and is counted as skipped', async () => {
  const { exitCode, lastLine } = await guarded({
    'a/src/a.test.ts': `${HEAD}test.skip('one', () => assert.unreachable());\ntest.run();\n`,
  });
  assert.is(exitCode, 0);
  assert.is(lastLine, '0 passed, 0 failed, 1 skipped');
});

const FAILING: Record<string, { source: string; says: RegExp }> = {
  'a failing test': {
    source: `${HEAD}test('one', () => assert.is(1, 2));\ntest.run();\n`,
    says: /1 of 1 failed[\s\S]*FAIL[\s\S]*one/,
  },
  'a throwing before hook': {
    source: `${HEAD}test.before(() => { throw new Error('boom'); });\ntest('one', () => {});\ntest.run();\n`,
    says: /1 of 1 failed/,
  },
  'a throwing after.each': {
    source: `${HEAD}test.after.each(() => { throw new Error('boom'); });\ntest('one', () => {});\ntest('two', () => {});\ntest.run();\n`,
    says: /failed/,
  },
  'a missing .run()': {
    source: `${HEAD}test('one', () => assert.unreachable());\n`,
    says: /no totals|no test/,
  },
  'a file that registers nothing': {
    source: `${HEAD}test.run();\nassert.ok(true);\n`,
    says: /no test was registered/,
  },
  'an only that hides a failure': {
    source: `${HEAD}test.${'only'}('one', () => {});\ntest('two', () => assert.unreachable());\ntest.run();\n`,
    says: /\.only\( would hide/,
  },
  'a crash while loading': {
    source: `${HEAD}throw new Error('boom at load');\n`,
    says: /no totals[\s\S]*boom at load/,
  },
  'an exit in the middle': {
    source: `${HEAD}test('one', () => process.exit(0));\ntest.run();\n`,
    says: /no totals/,
  },
  'a crash after the totals': {
    source: `${HEAD}test('one', () => { setTimeout(() => { throw new Error('late'); }, 50); });\ntest.run();\n`,
    says: /exit code 1[\s\S]*late/,
  },
};

for (const [name, { source, says }] of Object.entries(FAILING)) {
  test(`${name} fails the run`, async () => {
    const { exitCode, output, lastLine } = await guarded({ 'a/src/a.test.ts': source });
    assert.is(exitCode, 1);
    assert.match(output, says);
    assert.match(lastLine ?? '', /^\d+ passed, [1-9]\d* failed, \d+ skipped$/);
  });
}

const HANGS = `await new Promise(() => setInterval(() => {}, 1000));`;

test('a file that hangs is out of time', async () => {
  const { exitCode, output } = await guarded(
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
  const { output } = await guarded({ 'a/src/a.test.ts': source }, { abortWhen: 'started' });
  const pid = Number(/child=(\d+)/.exec(output)?.[1]);
  assert.ok(pid > 0, output);
  // A container without an init process keeps the dead child as a zombie.
  const { stdout: state } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  assert.match(state, /^(Z.*)?\s*$/);
});

test('a filter that matches no file fails, though another one matches', async () => {
  const { exitCode, output, lastLine } = await guarded(
    { 'a/src/a.test.ts': ONE_PASSES },
    { filters: ['a.test', 'nothing-like-it'] },
  );
  assert.is(exitCode, 1);
  assert.match(output, /matches nothing-like-it/);
  assert.is(lastLine, '1 passed, 1 failed, 0 skipped');
});

test('no file at all fails', async () => {
  const { exitCode } = await guarded({ 'a/src/a.ts': '' });
  assert.is(exitCode, 1);
});

test('end-to-end files get the environment of the shared setup, which is torn down', async () => {
  const { exitCode, output, lastLine } = await guarded(
    {
      'tests/src/support/global-setup.ts': `export async function setup() {
        return { env: { SHARED_VALUE: '42' }, async teardown() { throw new Error('teardown ran'); } };
      }\n`,
      'tests/src/a.e2e.ts': `${HEAD}test('env', () => assert.is(process.env.SHARED_VALUE, '42'));\ntest.run();\n`,
    },
    { kind: 'e2e' },
  );
  assert.match(output, /ok {4}tests\/src\/a\.e2e\.ts/);
  assert.match(output, /teardown ran/);
  assert.is(exitCode, 1);
  assert.is(lastLine, '1 passed, 1 failed, 0 skipped');
});

test('end-to-end files that say so are run beside others, the rest one at a time', async () => {
  const meets = (own: string, other: string) => `// Beside others: nothing is shared.
${HEAD}import { existsSync, writeFileSync } from 'node:fs';
test('meets the other', async () => {
  writeFileSync('${own}', '');
  while (!existsSync('${other}')) await new Promise((resolve) => setTimeout(resolve, 20));
});
test.run();\n`;
  const isAlone = `${HEAD}import { existsSync, rmSync, writeFileSync } from 'node:fs';
test('meets nobody', async () => {
  assert.not(existsSync('busy'));
  writeFileSync('busy', '');
  await new Promise((resolve) => setTimeout(resolve, 300));
  rmSync('busy');
});
test.run();\n`;
  const { exitCode, output, lastLine } = await guarded({
    'tests/src/a.e2e.ts': meets('a', 'b'),
    'tests/src/b.e2e.ts': meets('b', 'a'),
    'tests/src/c.e2e.ts': isAlone,
    'tests/src/d.e2e.ts': isAlone,
  });
  assert.is(exitCode, 0, output);
  assert.is(lastLine, '4 passed, 0 failed, 0 skipped');
});

test('end-to-end files with a stack of their own run after the shared one is torn down, and alone do without it', async () => {
  const own = `// On a stack of its own: nothing is shared.
import { existsSync } from 'node:fs';
${HEAD}test('alone', () => assert.is(existsSync('setup'), process.env.SETUP_EXPECTED === 'torn down' ));
test.run();
`;
  const setup = `import { rmSync, writeFileSync } from 'node:fs';
export async function setup() {
  writeFileSync('set-up', '');
  return { env: {}, teardown: async () => writeFileSync('torn-down', '') };
}`;
  const shared = `${HEAD}import { existsSync } from 'node:fs';
test('with it', () => assert.not(existsSync('torn-down')));
test.run();
`;
  const both = await guarded({
    'tests/src/support/global-setup.ts': setup,
    'tests/src/a.e2e.ts': own,
    'tests/src/b.e2e.ts': shared,
  });
  assert.is(both.lastLine, '2 passed, 0 failed, 0 skipped', both.output);
  const alone = await guarded({
    'tests/src/support/global-setup.ts': 'export const setup = async () => { throw new Error(); };',
    'tests/src/a.e2e.ts': own,
  });
  assert.is(alone.lastLine, '1 passed, 0 failed, 0 skipped', alone.output);
});

test('a setup that fails runs no end-to-end file and fails', async () => {
  const { exitCode, output } = await guarded({
    'tests/src/support/global-setup.ts': `export async function setup() { throw new Error('no stack'); }\n`,
    'tests/src/a.e2e.ts': ONE_PASSES,
  });
  assert.is(exitCode, 1);
  assert.match(output, /no stack/);
  assert.not.match(output, /ok {4}/);
});

test.run();
