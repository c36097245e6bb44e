import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createSerialQueue } from '@shelfcast/service-kit/serial-queue';
import { compiledPath, discoverTests, selectTests } from './discover.ts';
import {
  createLane,
  type FileResult,
  type Lane,
  type LaneOptions,
  type LaneStack,
} from './lane.ts';
import { type Queues, queuesOf } from './schedule.ts';

export interface RunAllOptions
  extends Pick<LaneOptions, 'root' | 'compiled' | 'fileTimeoutMs' | 'env' | 'signal' | 'write'> {
  readonly kind: 'unit' | 'e2e' | 'all';
  /** Parts of paths; a file is run when its path contains one of them. Empty: all files. */
  readonly filters: readonly string[];
  readonly timeoutMs: number;
  /** Files that run at once, each lane on a stack of its own. */
  readonly lanes: number;
}

/** What `tests/src/support/lane-stack.ts` exports. */
export interface LaneStackModule {
  laneStack(lane: number): LaneStack;
}

const LANE_STACK = 'tests/src/support/lane-stack.ts';
const SLOWEST_SHOWN = 10;
const FILES_WORTH_A_STACK = 4;

/**
 * Runs test files, each in a process of its own, and believes none of them: see `judge`.
 * Prints a line per file with the diagnostics (`# …`) of those that pass, the whole output of those that fail and what
 * their stack logged, the slowest files, and the totals as its last line.
 * @param options.signal aborting kills what runs and fails what has not run
 * @returns the exit code: 0 when every test of every file passed, else 1
 */
export async function runAll(options: RunAllOptions): Promise<number> {
  const { root, kind, filters, write } = options;
  const { selected, unmatched } = selectTests(await discoverTests(root), { kind, filters });
  const failed = (reason: string): FileResult => {
    write(`FAIL  ${reason}\n`);
    return { path: reason, seconds: 0, passed: 0, failed: 1, skipped: 0, reason };
  };
  const results = unmatched.map((filter) => failed(`no test file matches ${filter}`));
  if (selected.length === 0 && unmatched.length === 0) {
    results.push(failed(`no test file found below ${root}`));
  }

  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  const queues = queuesOf(selected);
  const stackOf = await loadLaneStack(
    join(root, options.compiled ? compiledPath(LANE_STACK) : LANE_STACK),
  );
  const inTurn = createSerialQueue();
  const lanes = Array.from({ length: options.lanes }, (_, lane) =>
    createLane({ ...options, signal, inTurn, stack: stackOf?.(lane) }),
  );
  await runQueues(queues, lanes);
  results.push(...lanes.flatMap((lane) => lane.results));
  const left = Object.values(queues).flat();
  results.push(...left.map(({ path }) => failed(`${path}: not run, no lane had a stack`)));
  showSlowest(results, write);

  const sum = (count: (result: FileResult) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  const failures = sum((result) => result.failed);
  write(
    `${sum((result) => result.passed)} passed, ${failures} failed, ${sum((result) => result.skipped)} skipped\n`,
  );
  return failures === 0 ? 0 : 1;
}

async function runQueues(queues: Queues, lanes: readonly Lane[]): Promise<void> {
  const [first, ...others] = lanes;
  // A second stack takes a minute of both cores to start, so a few files do not get one.
  const stacks = Math.ceil(queues.e2e.length / FILES_WORTH_A_STACK);
  try {
    // The first lane starts its stack while the others run unit tests.
    await Promise.all([
      first?.run([queues.e2e, queues.unit]),
      ...others.map((lane, index) =>
        lane.run(index + 1 < stacks ? [queues.unit, queues.e2e] : [queues.unit]),
      ),
    ]);
    await Promise.all(others.map((lane) => lane.stop()));
    await first?.run([queues.alone]);
    await first?.stop();
    await first?.run([queues['own-stack']]);
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
}

async function loadLaneStack(path: string): Promise<LaneStackModule['laneStack'] | undefined> {
  if (!existsSync(path)) return undefined;
  const module: LaneStackModule = await import(pathToFileURL(path).href);
  return module.laneStack;
}

function showSlowest(results: readonly FileResult[], write: (text: string) => void): void {
  if (results.length <= SLOWEST_SHOWN) return;
  const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST_SHOWN);
  write('The slowest files:\n');
  for (const { path, seconds } of slowest) write(`${seconds.toFixed(1).padStart(7)} s  ${path}\n`);
}
