import type { Change } from '@shelfcast/schemas/change';

/** What a row's `value` became with each commit, in their order; null where the row was deleted. */
export type CommitHistory = ReadonlyMap<string, readonly (number | null)[]>;

/**
 * Compares what was captured, in the order of its positions, with what was committed. Redeliveries count once.
 * @returns what does not fit, in words
 */
export function orderProblems(changes: readonly Change[], commits: CommitHistory): string[] {
  const problems: string[] = [];
  const byId = new Map(changes.map((change) => [change.id, change]));
  for (const [key, expected] of commits) {
    const ofKey = [...byId.values()]
      .filter((change) => change.key === key)
      .sort((a, b) => (a.position < b.position ? -1 : 1));
    const streamed = ofKey.filter(({ op }) => op !== 'read').map(valueAfter);
    const first = ofKey.find(({ op }) => op === 'read');
    // A row that was there before the connector is read before anything is streamed.
    const found =
      first === ofKey[0] && first !== undefined ? [valueAfter(first), ...streamed] : streamed;
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      problems.push(`${key}: committed ${expected.join(', ')}; by position ${found.join(', ')}`);
    }
    ofKey.forEach((change, index) => {
      const before = ofKey[index - 1];
      if (before === undefined) return;
      if (before.position === change.position)
        problems.push(`${key}: two changes share a position`);
      if (change.op === 'read' && valueAfter(before) !== valueAfter(change)) {
        problems.push(
          `${key}: a read of ${valueAfter(change)} is placed after ${valueAfter(before)}`,
        );
      }
    });
  }
  return problems;
}

/** Streamed changes that arrived more than once, and whether each had one id and one position throughout. */
export function redeliveries(changes: readonly Change[]): {
  readonly repeated: number;
  readonly inconsistent: string[];
} {
  const seen = new Map<string, string>();
  const inconsistent: string[] = [];
  let repeated = 0;
  for (const change of changes.filter(({ op }) => op !== 'read')) {
    const what = `${change.key} ${change.op} ${Number((change.after ?? change.before)?.value)}`;
    const identity = `${change.id} at ${change.position}`;
    const earlier = seen.get(what);
    if (earlier !== undefined) repeated += 1;
    if (earlier !== undefined && earlier !== identity) {
      inconsistent.push(`${what}: ${earlier}, then ${identity}`);
    }
    seen.set(what, identity);
  }
  return { repeated, inconsistent };
}

function valueAfter({ after }: Change): number | null {
  return after === null ? null : Number(after.value);
}
