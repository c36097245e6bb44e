import type { TestFile } from './discover.ts';

/**
 * End-to-end files that take longest (a minute or more). They begin first, so that no lane ends long after the others.
 * A file that is not named here is only begun later.
 */
const LONGEST_FIRST: readonly string[] = [
  'three-brokers',
  'faults',
  'monitor-alerts',
  'resync',
  'under-fire',
  'monitor-outages',
  'rebuild',
];

/** A second stack takes a minute of both cores to start. */
const FILES_WORTH_A_STACK = 4;

export type StackState = 'down' | 'up' | 'failed';

/**
 * Hands test files to lanes: each lane takes the next file when it has run its last one. Files that need a stack come
 * from one queue, so a lane has its stack until no such file is left. `own-stack` files are last: the lane's stack is
 * down by then, and only one more runs beside the other lane's.
 */
export class Schedule {
  readonly #unit: TestFile[];
  readonly #e2e: TestFile[];
  readonly #ownStack: TestFile[];

  constructor(files: readonly TestFile[]) {
    const inOrder = [...files].sort((a, b) => rank(a) - rank(b));
    this.#unit = inOrder.filter(({ kind }) => kind === 'unit');
    this.#e2e = inOrder.filter(({ kind }) => kind === 'e2e');
    this.#ownStack = inOrder.filter(({ kind }) => kind === 'own-stack');
  }

  /**
   * The file that a lane runs next; undefined when there is none left for it.
   * @param prefers what the lane begins with: the first starts its stack while the others run unit tests
   * @param stack of the lane: `failed` gets no file that needs one, and a second one is not started for a few files
   */
  next({ prefers, stack }: { prefers: 'unit' | 'e2e'; stack: StackState }): TestFile | undefined {
    const paysForStart = prefers === 'e2e' || this.#e2e.length >= FILES_WORTH_A_STACK;
    const e2e = stack === 'up' || (stack === 'down' && paysForStart) ? this.#e2e : [];
    const queues = prefers === 'e2e' ? [e2e, this.#unit] : [this.#unit, e2e];
    return [...queues, this.#ownStack].find((queue) => queue.length > 0)?.shift();
  }

  /** Takes back a file that the lane could not run; another lane may. */
  giveBack(file: TestFile): void {
    this.#e2e.unshift(file);
  }

  /** Files that no lane has run. */
  get left(): readonly TestFile[] {
    return [...this.#unit, ...this.#e2e, ...this.#ownStack];
  }
}

function rank({ path }: TestFile): number {
  const index = LONGEST_FIRST.findIndex((name) => path.includes(`/${name}.`));
  return index === -1 ? LONGEST_FIRST.length : index;
}
