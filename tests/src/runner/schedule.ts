import type { TestFile, TestKind } from './discover.ts';

/**
 * End-to-end files that take longest (a minute or more on a quiet machine). They begin first, so that no lane ends long
 * after the others. A file that is not named here is only begun later.
 */
const LONGEST_FIRST: readonly string[] = [
  ...['snapshot-killed', 'remedies', 'table-guard', 'parking', 'remove-table', 'monitor-alerts'],
  ...['dashboard-unknown', 'heartbeat', 'many-tables', 'outbox', 'doctor'],
];

/** Files that wait for a lane to take them. */
export type Queues = Readonly<Record<TestKind, TestFile[]>>;

export function queuesOf(files: readonly TestFile[]): Queues {
  const inOrder = [...files].sort((a, b) => rank(a) - rank(b));
  const of = (kind: TestKind) => inOrder.filter((file) => file.kind === kind);
  return { unit: of('unit'), e2e: of('e2e'), alone: of('alone'), 'own-stack': of('own-stack') };
}

function rank({ path }: TestFile): number {
  const index = LONGEST_FIRST.findIndex((name) => path.endsWith(`/${name}.e2e.ts`));
  return index === -1 ? LONGEST_FIRST.length : index;
}
