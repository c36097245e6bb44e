import type { Change } from '@shelfcast/schemas/change';
import { deriveId } from '@shelfcast/schemas/change-id';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { encodePosition, isPosition } from '@shelfcast/schemas/position';
import type { ClientBase } from 'pg';
import { applyJudged } from '../apply/transaction.ts';
import type { CapturedEntity } from '../contract/captured-entity.ts';
import type { ConsumerDefinition } from '../contract/definition.ts';
import { type Encoders, writeOutbox } from '../outbox/outbox.ts';
import { isManual } from '../positions/precedence.ts';
import { type Reporter, reportMessage, reportStep } from '../reports/reports.ts';
import { sweptChange } from '../sweep/swept.ts';
import type { RemoveArguments } from './arguments.ts';

export interface RemoveOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  /** The definition's tables. */
  readonly entities: readonly CapturedEntity[];
  readonly codec: Encoders;
  readonly reporter: Reporter;
  readonly encodeReport: (event: MonitoringEvent) => Buffer;
  readonly nowMs: () => number;
}

export interface Removal {
  readonly matched: number;
  readonly done: number;
  readonly refused: readonly {
    readonly entity: string;
    readonly key: string;
    readonly reason: string;
  }[];
}

/** Removes rows in the caller's transaction. */
export type RemoveRows = (
  tx: ClientBase,
  command: { readonly id: bigint; readonly by: string },
  given: RemoveArguments,
) => Promise<Removal>;

const LOWEST = encodePosition({ epoch: 0n, sequence: [null, null], snapshot: true });

/**
 * Removes rows that the source does not have, as deletes that take the way of every change. Each stands at the position
 * that its key has, which stays: all that comes later is newer. A key that has moved since it was looked at is refused.
 */
export function createRemover<Effect>(options: RemoveOptions<Effect>): RemoveRows {
  const { definition, entities, codec, reporter, encodeReport, nowMs } = options;
  const consumer = definition.name;

  return async (tx, { id, by }, { entity: name, keys }) => {
    const entity = entities.find((one) => one.entity === name);
    if (entity === undefined) throw new Error(`${consumer} takes no table ${name}`);
    const known = await lockGuards(tx, { consumer, entity: name }, keys);
    const refused = keys.flatMap(({ key, position }) => {
      const guard = known.get(key);
      const reason =
        guard === undefined || guard.position !== position || guard.parked
          ? 'it has changed since it was looked at'
          : isManual(position)
            ? 'its publisher owns it'
            : undefined;
      return reason === undefined ? [] : [{ entity: name, key, reason }];
    });
    const left = new Set(refused.map(({ key }) => key));
    const changes = keys
      .filter(({ key }) => !left.has(key))
      .map(({ key, position }) =>
        removedChange({
          entity,
          key,
          position,
          commandId: id,
          nowMs: nowMs(),
          instance: reporter.instance,
        }),
      );
    if (changes.length > 0) {
      await applyJudged(
        definition,
        changes.map((change) => ({ change, fresh: true, outcome: 'processed' })),
        new Map(),
        tx,
        { nowMs: nowMs(), codec },
      );
      await tx.query(
        'update runtime.guards set deleted = true where consumer = $1 and entity = $2 and key = any($3)',
        [consumer, name, changes.map(({ key }) => key)],
      );
      const reports = changes.map((change) =>
        reportRemoved({ reporter, encodeReport, nowMs }, change, by),
      );
      await writeOutbox(tx, consumer, reports);
    }
    return { matched: keys.length, done: changes.length, refused };
  };
}

interface Guard {
  readonly key: string;
  readonly position: string;
  readonly parked: boolean;
}

/** Locks the keys, in the order of every other writer; one that nothing is known of gets a guard to lock. */
async function lockGuards(
  tx: ClientBase,
  { consumer, entity }: { readonly consumer: string; readonly entity: string },
  keys: RemoveArguments['keys'],
): Promise<Map<string, Guard>> {
  const names = keys.map(({ key }) => key).sort();
  await tx.query(
    `insert into runtime.guards (consumer, entity, key, position) select $1, $2, key, '' from unnest($3::text[]) as k(key)
     on conflict (consumer, entity, runtime.bounded(key)) do nothing`,
    [consumer, entity, names],
  );
  const { rows } = await tx.query<Guard>(
    `select g.key, g.position, g.parked from unnest($3::text[]) with ordinality as k(key, nr)
     join runtime.guards g on g.consumer = $1 and g.entity = $2 and g.key = k.key order by k.nr for update of g`,
    [consumer, entity, names],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** The delete that did not come. Its id is its own, for the position's change has had one. */
function removedChange({
  entity,
  key,
  position,
  commandId,
  nowMs,
  instance,
}: {
  readonly entity: CapturedEntity;
  readonly key: string;
  readonly position: string;
  readonly commandId: bigint;
  readonly nowMs: number;
  readonly instance: string;
}): Change {
  const floor = isPosition(position) ? position : LOWEST;
  return {
    ...sweptChange({ instance, entity, key, floor, goneAtMs: Math.round(nowMs) }),
    id: deriveId([instance, entity.topic, key, 'removed', String(commandId)]),
  };
}

function reportRemoved(
  {
    reporter,
    encodeReport,
    nowMs,
  }: Pick<RemoveOptions<unknown>, 'reporter' | 'encodeReport' | 'nowMs'>,
  change: Change,
  by: string,
) {
  const { topic, partition, offset } = change.record;
  const record = {
    ...{ topic, partition, offset, key: null, value: null, headers: {} },
    timestampMs: change.brokerAtMs,
  };
  const step = { stage: 'processed', atMs: nowMs(), details: { repaired: true, by } } as const;
  const event = reportStep(reporter, { record, change }, step);
  // There is no record that the step was about.
  return reportMessage({ ...event, partition: null, offset: null }, encodeReport);
}
