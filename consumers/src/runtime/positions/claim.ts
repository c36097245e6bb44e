import type { Change } from '@shelfcast/schemas/change';
import type { Position } from '@shelfcast/schemas/position';
import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import type { TopicPartition } from '@shelfcast/service-kit/kafka/types';
import { IN_TRANSACTION_SQL } from '@shelfcast/service-kit/postgres/pipelined-transaction';
import type { ClientBase } from 'pg';
import {
  type Classified,
  type DurableBatch,
  guardKey,
  type KnownPositions,
  type Outcome,
} from './classify.ts';
import { precedence, WINNING_POSITION_SQL } from './precedence.ts';

/** Makes sure every entity has a floor to lock; without one a truncate and a late change could pass each other. */
export async function ensureFloors(
  tx: ClientBase,
  consumer: string,
  entities: readonly string[],
): Promise<void> {
  await tx.query(
    `insert into runtime.floors (consumer, entity, position)
     select $1, entity, '' from unnest($2::text[]) as e(entity) on conflict do nothing`,
    [consumer, entities],
  );
  await tx.query('delete from runtime.retired where consumer = $1', [consumer]);
}

/**
 * Raises an entity's floor to a truncate's position.
 * @returns whether it rose; false when this or a later truncate was applied before
 */
export async function raiseFloor(
  tx: ClientBase,
  consumer: string,
  entity: string,
  position: Position,
): Promise<boolean> {
  const result = await tx.query(
    `update runtime.floors set position = $3 where consumer = $1 and entity = $2 and position < $3`,
    [consumer, entity, position],
  );
  return result.rowCount === 1;
}

/** Forgets the guards below a floor: the floor refuses all that they would. Parked keys find it when tried again. */
export async function dropGuardsBelow(
  tx: ClientBase,
  consumer: string,
  entity: string,
  floor: Position,
): Promise<void> {
  await tx.query(
    `delete from runtime.guards where consumer = $1 and entity = $2 and position < $3 and not parked`,
    [consumer, entity, floor],
  );
}

/** What a consumer asks about, and moves, in a transaction. */
interface Claim {
  readonly consumer: string;
  readonly entities: readonly string[];
  readonly guards: readonly Guard[];
  readonly extents: readonly OffsetExtent[];
}

interface ClaimRow {
  readonly consumer: string;
  readonly kind: 'floor' | 'guard' | 'batch';
  readonly name: string;
  readonly key: string | null;
  readonly position: string | null;
  readonly parked: boolean | null;
  readonly partition: number | null;
  readonly first_offset: string | null;
  readonly next_offset: string | null;
  readonly skipped_offsets: string[] | null;
}

/**
 * First offset of a partition whose report may not be acknowledged, the batch in hand included; undefined: that batch's
 * own.
 */
export type OpenFrom = (partition: TopicPartition) => bigint | undefined;

/** A claim that is sent. */
export interface Claimed {
  readonly known: Promise<KnownPositions>;
}

/*
 * What one transaction does with a key's guard row, under its lock:
 *
 * | guard      | the batch's newest change | guard becomes | `classifyChanges` makes of it                      |
 * | ---------- | ------------------------- | ------------- | -------------------------------------------------- |
 * | none       | any                       | its position  | an effect, or stale where it is below the floor    |
 * | not parked | newer                     | its position  | an effect, or stale where it is below the floor    |
 * | not parked | older, or the same        | stays         | stale: `processed` before, `skipped` or `reported` |
 * | not parked | of an origin not its own  | stays         | `conflict`, but for shared fields                  |
 * | parked     | newer                     | stays         | `parked`: it waits behind what is there            |
 * | parked     | older, or the same        | stays         | stale, as above                                    |
 *
 *   begin ┐
 *   claim ┤ one round trip: floors (share) → guards (update, in order of keys) → batches
 *   ahead ┘
 *   classify → decide → apply … → skipped offsets, outbox ┐ one round trip
 *   commit                                                ┘
 */

/**
 * Locks the keys of a batch, moves their guards up to its newest positions, notes its offsets, and gives back what was
 * known before: one round trip, in a `PipelinedTransaction` together with `begin`. Keys are locked in one order by
 * everybody, so that two processes which both hold a partition for a moment cannot deadlock. Consumers that share the
 * transaction and claim in the same turn share the statement.
 */
export async function claimPositions(
  tx: ClientBase,
  consumer: string,
  changes: readonly Change[],
  openFrom: OpenFrom,
): Promise<Claimed> {
  const { rows } = await claimTogether(tx, {
    consumer,
    entities: [...new Set(changes.map((change) => change.entity))].sort(),
    guards: newestPositions(changes),
    extents: offsetExtents(changes, openFrom),
  });
  const mine = async () => knownPositions((await rows).filter((row) => row.consumer === consumer));
  return { known: mine() };
}

interface Sent {
  readonly rows: Promise<readonly ClaimRow[]>;
}

/** Claims that are not sent yet. */
const gathering = new WeakMap<
  ClientBase,
  { readonly claims: Claim[]; readonly sent: Promise<Sent> }
>();

function claimTogether(tx: ClientBase, claim: Claim): Promise<Sent> {
  const others = gathering.get(tx);
  if (others !== undefined) {
    others.claims.push(claim);
    return others.sent;
  }
  const claims = [claim];
  const sent = Promise.resolve().then(() => {
    gathering.delete(tx);
    return { rows: sendClaims(tx, claims) };
  });
  gathering.set(tx, { claims, sent });
  return sent;
}

async function sendClaims(tx: ClientBase, claims: readonly Claim[]): Promise<readonly ClaimRow[]> {
  const inOrder = [...claims].sort((a, b) => (a.consumer < b.consumer ? -1 : 1));
  const of = <T>(values: (claim: Claim) => readonly T[]) =>
    inOrder.flatMap((claim) => values(claim).map((value) => ({ consumer: claim.consumer, value })));
  const entities = of((claim) => claim.entities);
  const guards = of((claim) => claim.guards);
  const extents = of((claim) => claim.extents);
  const { rows } = await tx.query<ClaimRow>({
    name: 'runtime.claim', // prepared, so that it is not planned for every batch
    text: CLAIM,
    values: [
      entities.map(({ consumer }) => consumer),
      entities.map(({ value }) => value),
      guards.map(({ consumer }) => consumer),
      guards.map(({ value }) => value.entity),
      guards.map(({ value }) => value.key),
      guards.map(({ value }) => value.position),
      guards.map(({ value }) => value.deleted),
      extents.map(({ consumer }) => consumer),
      extents.map(({ value }) => value.topic),
      extents.map(({ value }) => value.partition),
      extents.map(({ value }) => value.openFrom.toString()),
      extents.map(({ value }) => value.nextOffset.toString()),
    ],
  });
  return rows;
}

const CLAIM = `
with floor_rows as (
  select f.consumer, f.entity, f.position
  from unnest($1::text[], $2::text[]) as c(consumer, entity)
  join runtime.floors f using (consumer, entity)
  for share of f
), guard_rows as (
  insert into runtime.guards as g (consumer, entity, key, position, deleted)
  select c.consumer, c.entity, c.key, c.position, c.deleted
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[]) with ordinality
    as c(consumer, entity, key, position, deleted, nr)
  where ${IN_TRANSACTION_SQL}
  order by c.nr
  on conflict (consumer, entity, runtime.bounded(key)) do update
    set position = case when g.parked then g.position else ${WINNING_POSITION_SQL} end,
        deleted = case when excluded.deleted = g.deleted or g.parked or ${WINNING_POSITION_SQL} = g.position
                       then g.deleted else excluded.deleted end
  returning g.consumer, g.entity, g.key, old.position, g.parked
), batch_rows as (
  insert into runtime.batches as b
    (consumer, topic, partition, first_offset, next_offset, skipped_offsets)
  select c.consumer, c.topic, c.partition, c.first_offset, c.next_offset, '{}'
  from unnest($8::text[], $9::text[], $10::int[], $11::bigint[], $12::bigint[])
    as c(consumer, topic, partition, first_offset, next_offset)
  where ${IN_TRANSACTION_SQL}
  on conflict (consumer, topic, partition) do update set
    -- reports before it are acknowledged
    first_offset = excluded.first_offset,
    next_offset = greatest(b.next_offset, excluded.next_offset),
    skipped_offsets = case when excluded.first_offset >= b.next_offset then '{}'
                           when b.skipped_offsets = '{}' then '{}'
                           else array(select o from unnest(b.skipped_offsets) as u(o) where o >= excluded.first_offset) end
  returning b.consumer, b.topic, b.partition, old.first_offset, old.next_offset, old.skipped_offsets
)
select 'floor' as kind, consumer, entity as name, null as key, position, null::boolean as parked, null::int as partition,
       null::bigint as first_offset, null::bigint as next_offset, null::bigint[] as skipped_offsets
from floor_rows
union all
select 'guard', consumer, entity, key, position, parked, null, null, null, null
from guard_rows where position is not null
union all
select 'batch', consumer, topic, null, null, null, partition, first_offset, next_offset, skipped_offsets
from batch_rows where first_offset is not null`;

const WITHOUT_EFFECT: ReadonlySet<Outcome> = new Set(['skipped', 'repeated', 'conflict']);

/** Notes which offsets of a batch had no effect, so that a redelivery reports them as skipped again. */
export async function noteSkipped(
  tx: ClientBase,
  consumer: string,
  judged: readonly Classified[],
): Promise<void> {
  const skipped = judged
    .filter(({ outcome }) => WITHOUT_EFFECT.has(outcome))
    .map(({ change }) => change.record);
  if (skipped.length === 0) return;
  await tx.query(
    `update runtime.batches b
     set skipped_offsets = array(
       select distinct o from unnest(b.skipped_offsets || s.offsets) as u(o))
     from (select topic, partition, array_agg("offset") as offsets
           from unnest($2::text[], $3::int[], $4::bigint[]) as r(topic, partition, "offset")
           group by topic, partition) as s
     where b.consumer = $1 and b.topic = s.topic and b.partition = s.partition`,
    [
      consumer,
      skipped.map((record) => record.topic),
      skipped.map((record) => record.partition),
      skipped.map((record) => record.offset.toString()),
    ],
  );
}

interface Guard {
  readonly entity: string;
  readonly key: string;
  readonly position: Position;
  /** Whether the change at that position deletes the key. */
  readonly deleted: boolean;
}

/** The newest position of each key of a batch, in the order in which keys are locked. */
function newestPositions(changes: readonly Change[]): Guard[] {
  const newest = new Map<string, Guard>();
  for (const { entity, key, op, position } of changes) {
    if (key === null) continue;
    const known = newest.get(guardKey(entity, key));
    if (known === undefined || precedence(position, known.position) === 'newer') {
      newest.set(guardKey(entity, key), { entity, key, position, deleted: op === 'delete' });
    }
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, guard]) => guard);
}

interface OffsetExtent extends TopicPartition {
  readonly openFrom: bigint;
  readonly nextOffset: bigint;
}

/** What a batch holds of each partition, in one order for everybody. */
function offsetExtents(changes: readonly Change[], openFrom: OpenFrom): OffsetExtent[] {
  const extents = new Map<string, TopicPartition & { firstOffset: bigint; nextOffset: bigint }>();
  for (const { record } of changes) {
    const { topic, partition, offset } = record;
    const name = partitionKey({ topic, partition });
    const extent = extents.get(name);
    if (extent === undefined) {
      extents.set(name, { topic, partition, firstOffset: offset, nextOffset: offset + 1n });
    } else {
      if (offset < extent.firstOffset) extent.firstOffset = offset;
      if (offset >= extent.nextOffset) extent.nextOffset = offset + 1n;
    }
  }
  return [...extents]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { firstOffset, ...extent }]) => ({
      ...extent,
      openFrom: openFrom(extent) ?? firstOffset,
    }));
}

function knownPositions(rows: readonly ClaimRow[]): KnownPositions {
  const guards = new Map<string, string>();
  const parked = new Set<string>();
  const floors = new Map<string, string>();
  const batches = new Map<string, DurableBatch>();
  for (const row of rows) {
    if (row.kind === 'floor' && row.position !== null) floors.set(row.name, row.position);
    if (row.kind === 'guard' && row.key !== null && row.position !== null) {
      guards.set(guardKey(row.name, row.key), row.position);
      if (row.parked === true) parked.add(guardKey(row.name, row.key));
    }
    if (row.kind === 'batch' && row.partition !== null) {
      batches.set(partitionKey({ topic: row.name, partition: row.partition }), {
        firstOffset: BigInt(row.first_offset ?? 0),
        nextOffset: BigInt(row.next_offset ?? 0),
        skippedOffsets: new Set((row.skipped_offsets ?? []).map(BigInt)),
      });
    }
  }
  return { guards, parked, floors, batches };
}
