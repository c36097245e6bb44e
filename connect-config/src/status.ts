import {
  listCapturedTables,
  listRemovedTables,
  type Queryable,
  type RemovedTable,
} from '@shelfcast/product-database/captured-tables';
import type { ConnectorOffset } from './connect-client.ts';
import { CONNECTOR, type ConnectorContext, SLOT } from './context.ts';
import { RESYNC } from './explain.ts';
import { epochOf } from './render.ts';
import { currentLsn, readSlot } from './replication-slot.ts';
import { formatTableName } from './table-name.ts';
import { tableProblems } from './table-problems.ts';
import { describeStates, failureOf, haltOf, isRunning, needsResync } from './wait-until.ts';

export interface ConnectorReport {
  /** Whether changes flow: everything RUNNING, and nothing in `problems`. */
  readonly healthy: boolean;
  readonly lines: readonly string[];
  /** Sentences, each with what mends it. */
  readonly problems: readonly string[];
  /** Those of the problems that only a resync mends. */
  readonly losses: readonly string[];
}

const MIB = 1024n * 1024n;

/** The connector, its task, its slot and its tables at a glance. */
export async function reportConnector({
  client,
  products,
}: Pick<ConnectorContext, 'client' | 'products'>): Promise<ConnectorReport> {
  const config = await client.config(CONNECTOR);
  if (config === undefined) {
    return {
      healthy: false,
      lines: [`There is no connector ${CONNECTOR}.`],
      problems: ['Nothing is captured: make connector-register.'],
      losses: [],
    };
  }
  const status = await client.status(CONNECTOR);
  const captured = await listCapturedTables(products);
  const slot = await slotLines(products, await client.offsets(CONNECTOR));
  const failure = status === undefined ? undefined : failureOf(status);
  const halt = status === undefined ? undefined : haltOf(status);
  const problems = [
    ...(halt === undefined ? [] : [halt]),
    ...(failure === undefined ? [] : [failure]),
    ...slot.losses,
    ...(await tableProblems(products)),
  ];
  return {
    healthy: status !== undefined && isRunning(status) && problems.length === 0,
    lines: [
      status === undefined ? 'no worker has the connector yet' : describeStates(status),
      `epoch ${epochOf(config) ?? 'unknown'}`,
      `tables ${captured.map(formatTableName).join(', ')}`,
      ...(await listRemovedTables(products))
        .filter(({ topicDeleted }) => !topicDeleted)
        .map(removedLine),
      ...slot.lines,
    ],
    problems,
    losses: [
      ...(status !== undefined && failure !== undefined && needsResync(status) ? [failure] : []),
      ...slot.losses,
    ],
  };
}

function removedLine(removed: RemovedTable): string {
  const { removedAt, removedBy, reason } = removed;
  const name = formatTableName(removed);
  const because = reason === null ? '' : ` (${reason})`;
  return `taken out ${name}, ${removedAt.toISOString()} by ${removedBy}${because}: make connector-add-table TABLE=${name} captures it again`;
}

async function slotLines(
  products: Queryable,
  offsets: readonly ConnectorOffset[],
): Promise<{ lines: string[]; losses: string[] }> {
  const slot = await readSlot(products, SLOT);
  const offsetLsn = offsets[0]?.offset?.lsn;
  if (slot === undefined) {
    if (offsetLsn === undefined) return { lines: ['no replication slot yet'], losses: [] };
    return {
      lines: ['no replication slot'],
      losses: [
        `Replication slot ${SLOT} is gone but offsets are stored: changes since then may be missing. ${RESYNC}`,
      ],
    };
  }
  const losses: string[] = [];
  if (slot.walStatus === 'lost' || slot.invalidationReason !== null) {
    losses.push(
      `Postgres invalidated replication slot ${SLOT} (${slot.invalidationReason ?? 'WAL removed'}). ${RESYNC}`,
    );
  }
  if (typeof offsetLsn === 'number' && BigInt(offsetLsn) > (await currentLsn(products))) {
    losses.push(
      `The stored offset lies beyond the end of the WAL: the database was restored to an earlier moment, and changes would be skipped. ${RESYNC}`,
    );
  }
  const room = slot.safeWalSize === null ? '' : `, ${slot.safeWalSize / MIB} MiB until it is lost`;
  return {
    lines: [
      `slot ${SLOT} ${slot.active ? 'active' : 'not active'}, WAL ${slot.walStatus ?? 'unknown'}, ${slot.retainedWalBytes / MIB} MiB kept${room}`,
    ],
    losses,
  };
}
