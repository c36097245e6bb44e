import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SerialQueue } from '@shelfcast/service-kit/serial-queue';
import { compiledPath, type TestFile } from './discover.ts';
import { runFile } from './run-file.ts';
import { markLogs } from './stack-logs.ts';
import { judge, refuseSource, type Verdict } from './verdict.ts';

/** What `tests/src/support/lane-stack.ts` makes for each lane. */
export interface LaneStack {
  /** Variables of every end-to-end file of the lane, whether its stack runs or not. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders with the logs of the stacks that the lane's files use. */
  readonly logFolders: readonly string[];
  /** Starts the stack, from nothing. @returns its addresses as variables */
  start(): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

export interface LaneOptions {
  readonly root: string;
  /** Run what `tsc --build` has made of the files, which starts in a third of the time, instead of the files. */
  readonly compiled: boolean;
  readonly fileTimeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  /** undefined where there is no stack to start: end-to-end files then run without one. */
  readonly stack: LaneStack | undefined;
  /** Runs one start at a time: two stacks that download the same packages at once would meet. */
  readonly inTurn: SerialQueue;
}

export interface FileResult extends Verdict {
  readonly path: string;
  readonly seconds: number;
}

/** Runs files one after the other, on a stack that is started for the first file that needs it. */
export interface Lane {
  readonly results: readonly FileResult[];
  /** Takes files from the first queue that has one until all are empty; what needs a stack that did not start is left. */
  run(queues: readonly TestFile[][]): Promise<void>;
  /** Stops the stack if it is up. */
  stop(): Promise<void>;
}

export function createLane(options: LaneOptions): Lane {
  const { stack, write, inTurn } = options;
  const results: FileResult[] = [];
  /** Addresses of the stack; `failed` when it did not start. */
  let started: Readonly<Record<string, string>> | 'failed' | undefined;

  const fail = (what: string, error: unknown): void => {
    write(`FAIL  ${what}: ${error instanceof Error ? error.stack : error}\n`);
    results.push({ path: what, seconds: 0, passed: 0, failed: 1, skipped: 0, reason: what });
  };

  async function addresses(): Promise<Readonly<Record<string, string>> | undefined> {
    if (started === undefined) {
      started = await inTurn(async () => (await stack?.start()) ?? {}).catch((error: unknown) => {
        fail('the stack did not start', error);
        return 'failed' as const;
      });
    }
    return started === 'failed' ? undefined : started;
  }

  return {
    results,
    async run(given) {
      let queues = given;
      for (;;) {
        const queue = queues.find(({ length }) => length > 0);
        const [file] = queue ?? [];
        if (queue === undefined || file === undefined) return;
        queue.shift();
        const needsStack = file.kind === 'e2e' || file.kind === 'alone';
        const ofStack = needsStack ? await addresses() : {};
        if (ofStack === undefined) {
          queue.unshift(file); // another lane may have a stack
          queues = queues.filter((other) => other !== queue);
          continue;
        }
        const ofLane = file.kind === 'unit' ? {} : stack?.env;
        const env = { ...options.env, ...ofLane, ...ofStack };
        results.push(await runOne(file, { ...options, env }));
      }
    },
    async stop() {
      const isUp = started !== undefined && started !== 'failed';
      started = undefined;
      if (isUp) await stack?.stop().catch((error) => fail('the stack did not stop', error));
    },
  };
}

async function runOne(file: TestFile, options: LaneOptions): Promise<FileResult> {
  const { root, write, stack } = options;
  const path = join(root, file.path);
  const startedAtMs = performance.now();
  const refusal = refuseSource(await readFile(path, 'utf8'));
  if (refusal !== undefined) {
    write(`FAIL  ${file.path}: ${refusal}\n`);
    return { path: file.path, seconds: 0, passed: 0, failed: 1, skipped: 0, reason: refusal };
  }
  const logs = markLogs(file.kind === 'unit' ? [] : (stack?.logFolders ?? []));
  const keptLogs = join(root, '.shelfcast', 'test-failures', basename(file.path, '.ts'));
  rmSync(keptLogs, { recursive: true, force: true });
  const outcome = await runFile({
    args: options.compiled
      ? [join(root, compiledPath(file.path))]
      : ['--conditions=source', '--import', 'tsx', path],
    cwd: root,
    env: options.env,
    timeoutMs: options.fileTimeoutMs,
    signal: options.signal,
  });
  const verdict = judge(outcome);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const time = `${seconds.toFixed(1)} s`;
  if (verdict.reason === undefined) {
    const skipped = verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : '';
    write(`ok    ${file.path} (${verdict.passed} passed${skipped}, ${time})\n`);
    write(indent(diagnostics(outcome.output)));
  } else {
    write(`FAIL  ${file.path} (${verdict.reason}, ${time})\n${indent(outcome.output)}`);
    const telling = logs.keepIn(keptLogs);
    if (telling !== '') write(indent(`Logs of its stack: ${keptLogs}\n${telling}`));
  }
  return { path: file.path, seconds, ...verdict };
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
