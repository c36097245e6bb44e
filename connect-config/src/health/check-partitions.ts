import { problem } from '@shelfcast/service-kit/finding';
import { tableArgument } from '../table-name.ts';
import type { TableFacts } from './read-tables.ts';
import { addTable } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

/** Partitions are captured one by one: one that is made later has to be added, one that was detached is no part any more. */
export function checkPartitions(tables: readonly TableFacts[]): SourceFinding[] {
  const captured = new Set(tables.map(({ name }) => name));
  const later = new Map<string, SourceFinding>();
  for (const { remembered, current } of tables) {
    const [before, now] = [remembered?.partitioned, current?.partitioned];
    if (before == null || now == null || before.root !== now.root) continue;
    for (const leaf of now.leaves) {
      if (captured.has(leaf) || before.leaves.includes(leaf)) continue;
      later.set(leaf, madeLater(leaf, now.rootName));
    }
  }
  return [...later.values(), ...tables.flatMap(detached)];
}

function madeLater(leaf: string, rootName: string): SourceFinding {
  return problem(
    'partition',
    `${leaf} is a partition of ${rootName} that was made after others of it were captured: its rows are captured by nothing.`,
    addTable(leaf),
    { subject: leaf },
  );
}

function detached({ name, remembered, current }: TableFacts): SourceFinding[] {
  const before = remembered?.partitioned;
  if (before == null || current === undefined || current.oid !== remembered?.oid) return [];
  if (current.partitioned?.root === before.root) return [];
  return [
    problem(
      'partition',
      `${name} was a partition of ${before.rootName} when it was captured, and is not any more. The command keeps it as a table of its own; make connector-remove-table ${tableArgument(name)} takes it out.`,
      addTable(name),
      { subject: name },
    ),
  ];
}
