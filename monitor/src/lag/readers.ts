/** Topic to the services that are expected to report on its events. */
export type Readers = ReadonlyMap<string, ReadonlySet<string>>;

/** What the brokers say of one group. */
export interface GroupFacts {
  readonly group: string;
  /** Topics that it has committed an offset of. */
  readonly committed: Iterable<string>;
  /** Topics that its members read now; none while it rebalances or does not run. */
  readonly read: Iterable<string>;
}

/**
 * Who is expected to handle the events of a topic: groups that have committed an offset of it, and those that read it
 * now, since on a new topic the first event comes before the first commit.
 * @param before what was known: it holds for a group whose coordinator does not answer at the moment
 * @param existing topics there are; of others nothing is expected
 */
export function readersOf(
  groups: readonly GroupFacts[],
  before: Readers,
  existing: ReadonlySet<string>,
): Readers {
  const readers = new Map<string, Set<string>>();
  for (const { group, committed, read } of groups) {
    const now = [...read];
    const known =
      now.length > 0 ? now : [...before.keys()].filter((topic) => before.get(topic)?.has(group));
    for (const topic of [...committed, ...known]) {
      if (existing.has(topic)) readers.set(topic, (readers.get(topic) ?? new Set()).add(group));
    }
  }
  return readers;
}
