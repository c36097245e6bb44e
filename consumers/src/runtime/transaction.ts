import type { Change } from '@shelfcast/schemas/change';
import type { ClientBase } from 'pg';
import type { ApplyContext, ConsumerDefinition } from './definition.ts';
import { judge, type Outcome } from './guard.ts';
import { claimPositions, dropGuardsBelow, noteSkipped, raiseFloor } from './positions.ts';

/**
 * Effect once: applies the changes that are newer than what their keys have seen, and their
 * positions, in the caller's transaction. Delivering a change again changes nothing.
 * @returns what became of each change, in order
 */
export async function applyOnce<Effect>(
  definition: ConsumerDefinition<Effect>,
  changes: readonly Change[],
  tx: ClientBase,
  nowMs: number,
): Promise<Outcome[]> {
  const context: ApplyContext = { tx, consumer: definition.name, nowMs };
  const raised = await applyTruncates(definition, changes, context);
  const judged = judge(changes, await claimPositions(tx, definition.name, changes));
  const effects = judged
    .filter(({ change, fresh }) => fresh && change.key !== null)
    .map(({ change }) => definition.decide(change))
    .filter((effect) => effect !== null);
  if (effects.length > 0) await definition.apply(effects, context);
  const settled = judged.map((entry) =>
    raised.has(entry.change) ? { ...entry, outcome: 'processed' as const } : entry,
  );
  await noteSkipped(tx, definition.name, settled);
  return settled.map(({ outcome }) => outcome);
}

/** Truncates come first: whatever the batch holds from before one is then refused by its floor. */
async function applyTruncates<Effect>(
  definition: ConsumerDefinition<Effect>,
  changes: readonly Change[],
  context: ApplyContext,
): Promise<Set<Change>> {
  const raised = new Set<Change>();
  for (const change of changes) {
    if (change.op !== 'truncate') continue;
    const { entity, position } = change;
    if (!(await raiseFloor(context.tx, context.consumer, entity, position))) continue;
    await definition.truncate(entity, position, context);
    await dropGuardsBelow(context.tx, context.consumer, entity, position);
    raised.add(change);
  }
  return raised;
}
