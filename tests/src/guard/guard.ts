import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  compiledPath,
  discoverTests,
  selectTests,
  type TestFile,
  type TestKind,
} from './discover.ts';
import { runFile } from './run-file.ts';
import { hasOwnStack, judge, maySeeOthers, refuseSource, type Verdict } from './verdict.ts';

export interface GuardOptions {
  readonly root: string;
  readonly kind: TestKind | 'all';
  /** Parts of paths; a file is run when its path contains one of them. Empty: all files. */
  readonly filters: readonly string[];
  /** Run what `tsc --build` has made of the files, which starts in a third of the time, instead of the files. */
  readonly compiled: boolean;
  readonly timeoutMs: number;
  readonly fileTimeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborting kills what runs and fails what has not run. */
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
}

/** What `tests/src/support/global-setup.ts` exports: started once for all end-to-end files. */
export interface GlobalSetup {
  setup(): Promise<{ env: Record<string, string>; teardown(): Promise<void> }>;
}

/** Of unit tests, and of end-to-end files that say they can be run beside others. */
const CONCURRENCY = 2;
const GLOBAL_SETUP = 'tests/src/support/global-setup.ts';

/**
 * Runs test files, each in a process of its own, and believes none of them: see `judge`.
 * Prints a line per file with the diagnostics (`# …`) of those that pass, the whole output of those that fail, and the totals as its last line.
 * @returns the exit code: 0 when every test of every file passed, else 1
 */
export async function guard(options: GuardOptions): Promise<number> {
  const { root, kind, filters, write } = options;
  const { selected, unmatched } = selectTests(await discoverTests(root), { kind, filters });
  const verdicts: Verdict[] = unmatched.map((filter) => {
    write(`FAIL  no ${kind === 'all' ? '' : `${kind} `}test file matches ${filter}\n`);
    return { passed: 0, failed: 1, skipped: 0, reason: 'unmatched filter' };
  });
  if (selected.length === 0 && unmatched.length === 0) {
    write(`FAIL  no test file found below ${root}\n`);
    verdicts.push({ passed: 0, failed: 1, skipped: 0, reason: 'no files' });
  }

  const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  const run = (file: TestFile, env: GuardOptions['env']) =>
    runGuarded(file, { ...options, env, signal: deadline });

  const unit = selected.filter((file) => file.kind === 'unit');
  verdicts.push(...(await inParallel(unit, CONCURRENCY, (file) => run(file, options.env))));
  const { besideOthers, alone, onOwnStack } = await byCompany(
    root,
    selected.filter((file) => file.kind === 'e2e'),
  );
  if (besideOthers.length + alone.length > 0) {
    verdicts.push(...(await runOnSharedStack({ besideOthers, alone }, options, run)));
  }
  verdicts.push(...(await inParallel(onOwnStack, 1, (file) => run(file, options.env))));

  const sum = (count: (verdict: Verdict) => number) =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  const failed = sum((verdict) => verdict.failed);
  write(
    `${sum((verdict) => verdict.passed)} passed, ${failed} failed, ${sum((verdict) => verdict.skipped)} skipped\n`,
  );
  return failed === 0 ? 0 : 1;
}

async function runOnSharedStack(
  { besideOthers, alone }: Omit<Company, 'onOwnStack'>,
  { root, env, write, compiled }: GuardOptions,
  run: (file: TestFile, env: GuardOptions['env']) => Promise<Verdict>,
): Promise<Verdict[]> {
  const failedSetup = (what: string, error: unknown): Verdict => {
    write(`FAIL  ${GLOBAL_SETUP}: ${what}: ${error instanceof Error ? error.stack : error}\n`);
    return { passed: 0, failed: 1, skipped: 0, reason: what };
  };
  const verdicts: Verdict[] = [];
  let shared: Awaited<ReturnType<GlobalSetup['setup']>> | undefined;
  try {
    shared = await runSetup(join(root, compiled ? compiledPath(GLOBAL_SETUP) : GLOBAL_SETUP));
  } catch (error) {
    return [failedSetup('setup failed, no end-to-end file was run', error)];
  }
  try {
    const runWithSetup = (file: TestFile) => run(file, { ...env, ...shared?.env });
    verdicts.push(...(await inParallel(besideOthers, CONCURRENCY, runWithSetup)));
    verdicts.push(...(await inParallel(alone, 1, runWithSetup)));
  } finally {
    try {
      await shared?.teardown();
    } catch (error) {
      verdicts.push(failedSetup('teardown failed', error));
    }
  }
  return verdicts;
}

/** What end-to-end files need beside themselves. */
interface Company {
  /** The shared stack; they neither disturb others nor mind them. */
  readonly besideOthers: readonly TestFile[];
  /** The shared stack for themselves. */
  readonly alone: readonly TestFile[];
  readonly onOwnStack: readonly TestFile[];
}

async function byCompany(root: string, files: readonly TestFile[]): Promise<Company> {
  const besideOthers: TestFile[] = [];
  const alone: TestFile[] = [];
  const onOwnStack: TestFile[] = [];
  for (const file of files) {
    const source = await readFile(join(root, file.path), 'utf8');
    if (hasOwnStack(source)) onOwnStack.push(file);
    else (maySeeOthers(source) ? besideOthers : alone).push(file);
  }
  return { besideOthers, alone, onOwnStack };
}

async function runSetup(
  path: string,
): Promise<Awaited<ReturnType<GlobalSetup['setup']>> | undefined> {
  if (!existsSync(path)) return undefined;
  const module: GlobalSetup = await import(pathToFileURL(path).href);
  return await module.setup();
}

async function runGuarded(file: TestFile, options: GuardOptions): Promise<Verdict> {
  const path = join(options.root, file.path);
  const startedAtMs = performance.now();
  const refusal = refuseSource(await readFile(path, 'utf8'));
  if (refusal !== undefined) {
    options.write(`FAIL  ${file.path}: ${refusal}\n`);
    return { passed: 0, failed: 1, skipped: 0, reason: refusal };
  }
  const outcome = await runFile({
    args: options.compiled
      ? [join(options.root, compiledPath(file.path))]
      : ['--conditions=source', '--import', 'tsx', path],
    cwd: options.root,
    env: options.env,
    timeoutMs: options.fileTimeoutMs,
    signal: options.signal,
  });
  const verdict = judge(outcome);
  const seconds = `${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`;
  if (verdict.reason === undefined) {
    const skipped = verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : '';
    options.write(`ok    ${file.path} (${verdict.passed} passed${skipped}, ${seconds})\n`);
    options.write(indent(diagnostics(outcome.output)));
  } else {
    options.write(`FAIL  ${file.path} (${verdict.reason}, ${seconds})\n${indent(outcome.output)}`);
  }
  return verdict;
}

/** Lines that a passing test wants seen, figures it measured: they begin with `# `, wherever uvu's dots stand. */
function diagnostics(output: string): string {
  return output
    .split('\n')
    .flatMap((line) => /(?:^|\s)# .*$/.exec(line)?.[0].trim() ?? [])
    .join('\n');
}

function indent(output: string): string {
  return output === '' ? '' : `${output.trimEnd().replaceAll(/^/gm, '      ')}\n`;
}

async function inParallel<T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const queue = items.values();
  const results: R[] = [];
  const worker = async () => {
    for (const item of queue) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
