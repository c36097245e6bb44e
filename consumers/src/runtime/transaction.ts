import type { Change } from '@shelfcast/schemas/change';
import type { ClientBase } from 'pg';
import { noteConflicts } from './conflicts.ts';
import type { ApplyContext, ConsumerDefinition } from './definition.ts';
import type { Delivery } from './delivery.ts';
import { type Judged, judge, type Outcome } from './guard.ts';
import { skipRepeats } from './inbox.ts';
import { type Encoders, openOutbox } from './outbox.ts';
import { appendParked } from './parking.ts';
import { claimPositions, dropGuardsBelow, noteSkipped, raiseFloor } from './positions.ts';
import { settleShared } from './settle-shared.ts';

/** What an effect gets beside its transaction. */
export interface ApplyResources {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly codec: Encoders;
}

/**
 * Effect once: applies the changes that are newer than what their keys have seen, and their positions, in the
 * caller's transaction. Delivering a change again changes nothing. Changes of parked keys are put behind what waits
 * there. All changes are of one origin.
 * @returns what became of each change, in order
 */
export async function applyOnce<Effect>(
  definition: ConsumerDefinition<Effect>,
  deliveries: readonly Delivery[],
  tx: ClientBase,
  { nowMs, codec }: ApplyResources,
): Promise<Outcome[]> {
  const consumer = definition.name;
  const { write, ...outbox } = openOutbox(tx, consumer, codec);
  const context: ApplyContext = { tx, consumer, schema: consumer, nowMs, ...outbox };
  const changes = deliveries.map(({ change }) => change);
  const raised = await applyTruncates(definition, changes, context);
  const known = await claimPositions(tx, consumer, changes);
  const judged = await takeEffect(definition, judge(changes, known), known.guards, context);
  const settled = judged.map((entry) =>
    raised.has(entry.change) ? { ...entry, outcome: 'processed' as const } : entry,
  );
  await appendParked(
    tx,
    consumer,
    deliveries.flatMap(({ change, record }, index) => {
      const { id: changeId, entity, key } = change;
      if (settled[index]?.outcome !== 'parked' || key === null) return [];
      return [{ record, entity, key, changeId }];
    }),
  );
  await noteSkipped(tx, consumer, settled);
  await write();
  return settled.map(({ outcome }) => outcome);
}

/**
 * Applies changes whose keys the caller has locked and judged; the caller moves the keys' positions.
 * @param positions what the keys have seen, by `guardKey`
 * @returns what became of each change, in order
 */
export async function applyJudged<Effect>(
  definition: ConsumerDefinition<Effect>,
  judged: readonly Judged[],
  positions: ReadonlyMap<string, string>,
  tx: ClientBase,
  { nowMs, codec }: ApplyResources,
): Promise<Outcome[]> {
  const consumer = definition.name;
  const { write, ...outbox } = openOutbox(tx, consumer, codec);
  const context: ApplyContext = { tx, consumer, schema: consumer, nowMs, ...outbox };
  await applyTruncates(
    definition,
    judged.map(({ change }) => change),
    context,
  );
  const settled = await takeEffect(definition, judged, positions, context);
  await write();
  return settled.map(({ outcome }) => outcome);
}

/** Applies what is fresh, with the shared fields that count now, and notes what lost against another origin. */
async function takeEffect<Effect>(
  definition: ConsumerDefinition<Effect>,
  judged: readonly Judged[],
  positions: ReadonlyMap<string, string>,
  context: ApplyContext,
): Promise<readonly Judged[]> {
  const { tx, consumer } = context;
  const unique = await skipRepeats(tx, consumer, judged);
  const settled = await settleShared(tx, consumer, definition.sharedFields, unique);
  const effects = settled
    .filter(({ change, fresh }) => fresh && change.key !== null)
    .map(({ change }) => definition.decide(change))
    .filter((effect) => effect !== null);
  if (effects.length > 0) await definition.apply(effects, context);
  await noteConflicts(tx, consumer, settled, positions);
  return settled;
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
