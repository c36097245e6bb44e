import { longDuration, size } from '@shelfcast/service-kit/words';
import { SLOT } from '../context.ts';
import type { ReplicationSlot } from '../replication-slot.ts';
import { type Finding, note, ok, problem } from './finding.ts';

/** What the products database says of the way changes leave it. */
export interface SlotFacts {
  readonly slot: ReplicationSlot | undefined;
  /** Since the connector last wrote the heartbeat, by Postgres' clock; undefined: its row is gone. */
  readonly heartbeatAgeMs: number | undefined;
}

/** From when on something is a problem. */
export interface SlotThresholds {
  /** Share of the WAL budget that is used (default 0.8). */
  readonly budgetShare?: number;
  /** Age of the heartbeat (default 30,000 ms). */
  readonly heartbeatLateMs?: number;
}

/** How far the connector is, as far as the slot's state depends on it. */
export type ConnectorPresence = 'missing' | 'running' | 'not running' | 'unknown';

/** Share of the WAL budget that is used. */
const NEARLY_LOST = 0.8;
const FAR_BEHIND = 0.5;

/** The connector beats every 5 seconds. */
const HEARTBEAT_LATE_MS = 30_000;

const RESYNC =
  'YES=1 make resync   # reads every table again under a new epoch and removes what is gone';

/** The slot that keeps WAL for the connector, and the heartbeat that moves it on. */
export function checkSlot(
  capture: SlotFacts,
  connector: ConnectorPresence,
  { budgetShare = NEARLY_LOST, heartbeatLateMs = HEARTBEAT_LATE_MS }: SlotThresholds = {},
): Finding[] {
  const { slot } = capture;
  if (!slot) return [missingSlot(connector)];
  if (slot.invalidationReason !== null || slot.walStatus === 'lost') {
    return [
      problem(
        'slot',
        `Postgres invalidated replication slot ${SLOT} (${slot.invalidationReason ?? 'WAL removed'}): changes since then are not in the stream.`,
        RESYNC,
      ),
    ];
  }
  return [
    checkActive(slot, connector),
    checkRetainedWal(slot, budgetShare),
    checkHeartbeat(capture, connector, heartbeatLateMs),
  ];
}

function missingSlot(connector: ConnectorPresence): Finding {
  if (connector === 'missing') {
    return problem(
      'slot',
      `There is no replication slot ${SLOT}: the connector makes it when it is registered.`,
      'make connector-register',
    );
  }
  return problem(
    'slot',
    `Replication slot ${SLOT} is gone, and with it the WAL that the connector had not read.`,
    RESYNC,
  );
}

function checkActive({ active }: ReplicationSlot, connector: ConnectorPresence): Finding {
  if (active) return ok('slot', `Slot ${SLOT} is streamed from`);
  const says = `Nobody streams from slot ${SLOT}, so it keeps all WAL`;
  // One cause, one problem: the connector's own check has the mend.
  if (connector !== 'running') return note('slot', `${says}; the connector does not run.`);
  return problem('slot', `${says}, although the connector runs.`, 'make connector-restart');
}

function checkRetainedWal(slot: ReplicationSlot, budgetShare: number): Finding {
  const { retainedWalBytes, safeWalSize, walStatus } = slot;
  const kept = `Slot ${SLOT} keeps ${size(retainedWalBytes)} of WAL`;
  const mend = 'make connector-status   # and once it runs, wait: it catches up';
  if (walStatus === 'unreserved') {
    return problem('slot-wal', `${kept} and is lost at the next checkpoint.`, mend);
  }
  const share =
    safeWalSize === null
      ? 0
      : Number(retainedWalBytes) / Math.max(1, Number(retainedWalBytes + safeWalSize));
  if (share >= budgetShare) {
    return problem('slot-wal', `${kept}; it is lost after ${size(safeWalSize ?? 0n)} more.`, mend);
  }
  if (share >= FAR_BEHIND || walStatus === 'extended') {
    return note('slot-wal', `${kept} (${walStatus}): the connector is behind.`, mend);
  }
  return ok('slot-wal', `${kept} (${walStatus ?? 'unknown'})`);
}

function checkHeartbeat(
  { heartbeatAgeMs }: SlotFacts,
  connector: ConnectorPresence,
  lateMs: number,
): Finding {
  if (heartbeatAgeMs === undefined) {
    return problem(
      'heartbeat',
      'The heartbeat has lost its row: in an idle database the slot stands still and WAL grows.',
      'make psql DB=products SQL="insert into shelfcast.heartbeat default values"',
    );
  }
  const says = `The last heartbeat was ${longDuration(heartbeatAgeMs)} ago`;
  if (heartbeatAgeMs <= lateMs) return ok('heartbeat', says);
  if (connector !== 'running') return note('heartbeat', `${says}; the connector does not run.`);
  return problem('heartbeat', `${says}, and should be every 5 s.`, 'make connector-restart');
}
