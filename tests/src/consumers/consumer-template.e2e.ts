// `make consumer` from nothing to tests that pass, in a copy of the checkout.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { RESERVED_WORDS } from '@shelfcast/consumers/internals/scaffold/reserved-words';
import { checkoutRoot } from '@shelfcast/local/checkout';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';

/** Inside the checkout, so that packages from the registry are found in its node_modules. */
const copy = join(checkoutRoot, '.shelfcast', 'consumer-template');
const SHARED = ['tsconfig.base.json', 'biome.json', '.gitignore'];
/** Those that a consumer and its tests import. */
const WORKSPACES = ['schemas', 'service-kit', 'consumers', 'tests'];

const test = suite('make consumer');

test.before(() => {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(join(copy, 'node_modules', '@shelfcast'), { recursive: true });
  for (const file of SHARED) cpSync(join(checkoutRoot, file), join(copy, file));
  for (const workspace of WORKSPACES) {
    copyWorkspace(workspace);
    const link = join(copy, 'node_modules', '@shelfcast', workspace);
    symlinkSync(join('..', '..', workspace), link);
  }
});
test.after(() => rmSync(copy, { recursive: true, force: true }));

test('a new consumer passes the checks and its own tests at once', async () => {
  const made = await makeConsumer({ NAME: 'stock_watch', COLUMN: 'stock_quantity' });
  assert.is(made.exitCode, 0, made.output);

  const folder = 'consumers/src/stock_watch';
  const files = [
    ...readdirSync(join(copy, folder))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`),
    'tests/src/consumers/stock_watch.e2e.ts',
    'consumers/src/registered.ts',
    'schemas/src/consumer-groups.ts',
  ];
  assert.is(files.length, 8, 'four modules, two tests, two lists');
  await succeeds('node_modules/@biomejs/biome/bin/biome', ['ci', ...files]);
  await typechecks(files);
  await passes('consumers/src/stock_watch/decide.test.ts');
  await passes('tests/src/consumers/stock_watch.e2e.ts');
});

test('what cannot be made is refused in a sentence, and nothing is written', async () => {
  const registered = () => readFileSync(join(copy, 'consumers/src/registered.ts'), 'utf8');
  const before = registered();
  for (const [NAME, sentence] of [
    ['Reviews', /^NAME=Reviews must be a lower-case letter, then [^\n]*\.\n$/],
    ['runtime', /^NAME=runtime is the name of a database schema that is in use\.\n$/],
    ['catalogue', /^consumers\/src\/catalogue is there already\.\n$/],
    ['parking', /^tests\/src\/consumers\/parking\.e2e\.ts is there already\.\n$/],
  ] as const) {
    const { exitCode, output } = await makeConsumer({ NAME });
    assert.is(exitCode, 1);
    assert.match(output, sentence);
  }
  assert.is(registered(), before);
  for (const path of ['consumers/src/Reviews', 'consumers/src/parking']) {
    assert.not.ok(existsSync(join(copy, path)), path);
  }
});

test('every word that Postgres reserves is refused as a name', async () => {
  const client = new pg.Client({ connectionString: fromEnvironment('TEST_POSTGRES_URL') });
  await client.connect();
  try {
    const { rows } = await client.query<{ word: string }>(
      `select word from pg_get_keywords() where catcode in ('R', 'T')`,
    );
    assert.ok(rows.length > 50);
    assert.equal(
      rows.map(({ word }) => word).filter((word) => !RESERVED_WORDS.has(word)),
      [],
    );
  } finally {
    await client.end();
  }
});

function copyWorkspace(workspace: string): void {
  const from = join(checkoutRoot, workspace);
  const compiled = [join(from, 'dist'), join(from, 'tsconfig.tsbuildinfo')];
  cpSync(from, join(copy, workspace), {
    recursive: true,
    filter: (path) => !compiled.includes(path),
  });
}

/** One program of these files and what they import: seconds, where a build of all workspaces takes a minute. */
async function typechecks(files: readonly string[]): Promise<void> {
  const compilerOptions = { noEmit: true, composite: false, declarationMap: false };
  const config = { extends: './tsconfig.base.json', compilerOptions, files };
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
  await succeeds('node_modules/typescript/bin/tsc', ['--project', '.']);
}

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/** As `make consumer` does. */
function makeConsumer(variables: Readonly<Record<string, string>>): Promise<Ended> {
  return run(
    ['--conditions=source', '--import', 'tsx', 'consumers/src/scaffold/cli.ts'],
    variables,
  );
}

async function passes(file: string): Promise<void> {
  const { exitCode, output } = await run(['--conditions=source', '--import', 'tsx', file]);
  assert.is(exitCode, 0, output);
  assert.match(output, /Passed: +[1-9]/);
}

async function succeeds(program: string, args: readonly string[]): Promise<void> {
  const { exitCode, output } = await run([join(checkoutRoot, program), ...args]);
  assert.is(exitCode, 0, output);
}

/** Runs Node in the copy. */
async function run(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return await new Promise((resolve, reject) => {
    const { NAME, TABLE, COLUMN, ...environment } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: copy,
      env: { ...environment, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output }));
  });
}

test.run();
