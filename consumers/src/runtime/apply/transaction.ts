import type { Change } from '@shelfcast/schemas/change';
import type { PipelinedTransaction } from '@shelfcast/service-kit/postgres/pipelined-transaction';
import type { ClientBase } from 'pg';
import type { Apply, ApplyContext, ConsumerDefinition } from '../contract/definition.ts';
import type { Delivery } from '../intake/delivery.ts';
import { type Encoders, openOutbox } from '../outbox/outbox.ts';
import { appendParked } from '../parking/store.ts';
import {
  claimPositions,
  dropGuardsBelow,
  noteSkipped,
  type OpenFrom,
  raiseFloor,
} from '../positions/claim.ts';
import { type Classified, classifyChanges, type Outcome } from '../positions/classify.ts';
import { noteConflicts } from '../positions/conflicts.ts';
import { skipRepeats } from '../positions/inbox.ts';
import { settleShared } from '../shared-fields/settle.ts';

/*
 * One change on its way through the transaction (`Outcome`, and what is written):
 *
 *   truncate ── floor rises ──► processed: the entity's older rows go, and the guards below
 *   key parked ───────────────► parked: behind what waits for the key
 *   older than its key ───────► skipped, or reported: it took effect, and its report may not have arrived
 *   event id known (inbox) ───► repeated
 *   key owned by another ─────► conflict, noted
 *   newer ────────────────────► processed: shared fields settled, decide, apply, position, outbox
 *
 * All of it, or nothing: what throws leaves no trace, and `isolate` finds which change it was.
 */

/** What an effect gets beside its transaction. */
export interface ApplyResources {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly codec: Encoders;
}

export interface ApplyOnceResources extends ApplyResources {
  readonly openFrom: OpenFrom;
}

/**
 * Effect once: applies the changes that are newer than what their keys have seen, and their positions, in the
 * caller's transaction, which may not be open yet. Delivering a change again changes nothing. Changes of parked keys
 * are put behind what waits there. All changes are of one origin.
 * @returns what became of each change, in order
 */
export async function applyOnce<Effect>(
  definition: ConsumerDefinition<Effect>,
  deliveries: readonly Delivery[],
  { client: tx, begun, write }: PipelinedTransaction,
  { nowMs, codec, openFrom }: ApplyOnceResources,
): Promise<Outcome[]> {
  const consumer = definition.name;
  const outbox = openOutbox(tx, consumer, codec);
  const { publish, publishEvent } = outbox;
  const context = { tx, write, consumer, schema: consumer, nowMs, publish, publishEvent };
  const changes = deliveries.map(({ change }) => change);
  const raised = await applyTruncates(definition, changes, context, begun);
  const claimed = await claimPositions(tx, consumer, changes, openFrom);
  const decide = decideOnce(definition);
  const goOn = readAhead({ ...definition, decide }, changes, context);
  const known = await claimed.known;
  await begun;
  const judged = await takeEffect(
    { ...definition, decide },
    classifyChanges(changes, known),
    known.guards,
    context,
    goOn,
  );
  const settled = judged.map((entry) =>
    raised.has(entry.change) ? { ...entry, outcome: 'processed' as const } : entry,
  );
  await appendParked(
    tx,
    consumer,
    deliveries.flatMap(({ change, record }, index) => {
      const { id: changeId, entity, key } = change;
      if (settled[index]?.waits !== true || key === null) return [];
      return [{ record, entity, key, changeId }];
    }),
  );
  await noteSkipped(tx, consumer, settled);
  await outbox.write();
  return settled.map(({ outcome }) => outcome);
}

/** `decide`, which is asked of a change that is read ahead, and again when it is known to count. */
function decideOnce<Effect>(
  definition: ConsumerDefinition<Effect>,
): ConsumerDefinition<Effect>['decide'] {
  const decided = new Map<Change, Effect | null>();
  return (change) => {
    const known = decided.get(change);
    if (known !== undefined) return known;
    const effect = definition.decide(change);
    decided.set(change, effect);
    return effect;
  };
}

/**
 * Sends the first reads of an effect behind the claim of its keys, for the plain batches that there are by far the
 * most of. Whether all of these changes count is not known yet.
 */
function readAhead<Effect>(
  { decide, ahead, sharedFields }: ConsumerDefinition<Effect>,
  changes: readonly Change[],
  context: ApplyContext,
): Apply<Effect> | undefined {
  const isPlain = ({ op, origin }: Change) => op !== 'truncate' && origin === 'cdc';
  if (ahead === undefined || (sharedFields?.size ?? 0) > 0 || !changes.every(isPlain)) return;
  try {
    const effects = changes.map((change) => decide(change)).filter((effect) => effect !== null);
    return effects.length === 0 ? undefined : ahead(effects, context);
  } catch {
    return; // of a change that cannot be applied; it may be one that does not count
  }
}

/**
 * Gives `work` a `write` in a transaction that the caller holds, and waits for what it sent.
 * @throws what a statement failed with first: those behind it only say that the transaction is aborted
 */
export async function withWrites<T>(
  tx: ClientBase,
  work: (write: ApplyContext['write']) => Promise<T>,
): Promise<T> {
  const writes: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  try {
    const result = await work((query) => {
      const written = tx.query(query);
      written.catch((error: unknown) => failures.push(error));
      writes.push(written);
    });
    await Promise.all(writes);
    return result;
  } catch (error) {
    await Promise.allSettled(writes);
    throw failures[0] ?? error;
  }
}

/**
 * Applies changes whose keys the caller has locked and judged; the caller moves the keys' positions.
 * @param positions what the keys have seen, by `guardKey`
 * @returns what became of each change, in order
 */
export async function applyJudged<Effect>(
  definition: ConsumerDefinition<Effect>,
  judged: readonly Classified[],
  positions: ReadonlyMap<string, string>,
  tx: ClientBase,
  { nowMs, codec }: ApplyResources,
): Promise<Outcome[]> {
  const consumer = definition.name;
  const { publish, publishEvent, write: writeOutgoing } = openOutbox(tx, consumer, codec);
  const settled = await withWrites(tx, async (write) => {
    const context = { tx, write, consumer, schema: consumer, nowMs, publish, publishEvent };
    await applyTruncates(
      definition,
      judged.map(({ change }) => change),
      context,
    );
    return await takeEffect(definition, judged, positions, context);
  });
  await writeOutgoing();
  return settled.map(({ outcome }) => outcome);
}

/** Applies what is fresh, with the shared fields that count now, and notes what lost against another origin. */
async function takeEffect<Effect>(
  definition: ConsumerDefinition<Effect>,
  judged: readonly Classified[],
  positions: ReadonlyMap<string, string>,
  context: ApplyContext,
  goOn?: Apply<Effect>,
): Promise<readonly Classified[]> {
  const { tx, consumer } = context;
  const unique = await skipRepeats(tx, consumer, judged);
  const settled = await settleShared(tx, consumer, definition.sharedFields, unique);
  const effects = settled
    .filter(({ change, fresh }) => fresh && change.key !== null)
    .map(({ change }) => definition.decide(change))
    .filter((effect) => effect !== null);
  // What was read ahead may have failed, also where nothing comes of it: then so has the transaction.
  if (goOn !== undefined) await goOn(effects, context);
  else if (effects.length > 0) await definition.apply(effects, context);
  await noteConflicts(tx, consumer, settled, positions);
  return settled;
}

/** Truncates come first: their floor then refuses older changes of the same batch. */
async function applyTruncates<Effect>(
  definition: ConsumerDefinition<Effect>,
  changes: readonly Change[],
  context: ApplyContext,
  begun?: Promise<void>,
): Promise<Set<Change>> {
  const raised = new Set<Change>();
  for (const change of changes) {
    if (change.op !== 'truncate') continue;
    await begun;
    const { entity, position } = change;
    if (!(await raiseFloor(context.tx, context.consumer, entity, position))) continue;
    await definition.truncate(entity, position, context);
    await dropGuardsBelow(context.tx, context.consumer, entity, position);
    raised.add(change);
  }
  return raised;
}
