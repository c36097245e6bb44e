import { note, ok, problem } from '@shelfcast/service-kit/finding';
import { longDuration, size } from '@shelfcast/service-kit/format';
import { SLOT } from '../context.ts';
import { describeSession, type ReplicationSlot } from '../replication-slot.ts';
import type { ConnectorPresence } from './check-connector.ts';
import { RESYNC, sqlOnProducts } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

/** What the products database says of the way changes leave it. */
export interface SlotFacts {
  readonly slot: ReplicationSlot | undefined;
  /** End of the WAL. */
  readonly currentLsn: bigint;
}

/** How far the connector is. */
export interface ReaderFacts {
  readonly presence: ConnectorPresence;
  /** Of its stored offset; undefined: there is none, or it is not known. */
  readonly storedLsn: bigint | undefined;
}

/** Share of the WAL budget that is used. */
const NEARLY_LOST = 0.8;
const FAR_BEHIND = 0.5;

/**
 * The slot that keeps WAL for the connector, and the offset that it goes on from.
 * @param budgetShare of the WAL budget from which its use is a problem
 */
export function checkSlot(
  { slot, currentLsn }: SlotFacts,
  { presence, storedLsn }: ReaderFacts,
  budgetShare: number = NEARLY_LOST,
): SourceFinding[] {
  if (!slot) return [missingSlot(presence)];
  if (slot.invalidationReason !== null || slot.walStatus === 'lost') {
    return [
      problem(
        'slot',
        `Postgres invalidated replication slot ${SLOT} (${slot.invalidationReason ?? 'WAL removed'}): changes since then are not in the stream.`,
        RESYNC,
        { readAgain: 'all' },
      ),
    ];
  }
  return [
    checkActive(slot, presence),
    ...checkWaiting(slot),
    checkRetainedWal(slot, { budgetShare, isRead: isReadUpTo(slot, currentLsn) }),
    ...(storedLsn !== undefined && storedLsn > currentLsn ? [OFFSET_AHEAD] : []),
  ];
}

const OFFSET_AHEAD = problem(
  'offset',
  'The stored offset lies beyond the end of the WAL: the database was restored to an earlier moment, and changes would be skipped.',
  RESYNC,
  { readAgain: 'all' },
);

function missingSlot(connector: ConnectorPresence): SourceFinding {
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
    { readAgain: 'all' },
  );
}

function checkActive({ active }: ReplicationSlot, connector: ConnectorPresence): SourceFinding {
  if (active) return ok('slot', `Slot ${SLOT} is streamed from`);
  const summary = `Nothing streams from slot ${SLOT}, so it keeps all WAL`;
  // One cause, one problem: the connector's own check has the mend.
  if (connector !== 'running') return note('slot', `${summary}; the connector does not run.`);
  return problem('slot', `${summary}, although the connector runs.`, 'make connector-restart');
}

/** The session that a slot cannot be made before, and what ends it. */
function checkWaiting(slot: ReplicationSlot): SourceFinding[] {
  const [session] = slot.waitsFor;
  if (session === undefined) return [];
  const { name, end } = describeSession(session);
  return [
    problem(
      'slot-waits',
      `Slot ${SLOT} is made when ${name} has ended a transaction that is older; until then nothing is captured.`,
      `${sqlOnProducts(end)}   # or end it where it was begun`,
    ),
  ];
}

/** What a slot that is being made waits for, in a line; undefined: nothing. */
export function slotWait(slot: ReplicationSlot | undefined): string | undefined {
  const [finding] = slot === undefined ? [] : checkWaiting(slot);
  return finding && `${finding.summary} ${finding.remedy}`;
}

/** Whether most of what the slot keeps was read: then it is not the connector that is behind. */
function isReadUpTo(
  { confirmedFlushLsn, retainedWalBytes }: ReplicationSlot,
  end: bigint,
): boolean {
  return confirmedFlushLsn !== null && (end - confirmedFlushLsn) * 2n < retainedWalBytes;
}

/** A transaction that has been open for less may be what a busy database always has. */
const LONG_TRANSACTION_MS = 60_000;

function checkRetainedWal(
  slot: ReplicationSlot,
  { budgetShare, isRead }: { readonly budgetShare: number; readonly isRead: boolean },
): SourceFinding {
  const { retainedWalBytes, safeWalSize, walStatus, oldestTransaction } = slot;
  const holder =
    isRead && (oldestTransaction?.ageMs ?? 0) >= LONG_TRANSACTION_MS ? oldestTransaction : null;
  const session = holder === null ? undefined : describeSession(holder);
  const because =
    holder === null || session === undefined
      ? ''
      : `, since a transaction of ${session.name} has been open for ${longDuration(holder.ageMs)}`;
  const kept = `Slot ${SLOT} keeps ${size(retainedWalBytes)} of WAL${because}`;
  const remedy =
    session === undefined
      ? 'make connector-status   # and once it runs, wait: it catches up'
      : `${sqlOnProducts(session.end)}   # or end it where it was begun`;
  if (walStatus === 'unreserved') {
    return problem('slot-wal', `${kept} and is lost at the next checkpoint.`, remedy);
  }
  const share =
    safeWalSize === null
      ? 0
      : Number(retainedWalBytes) / Math.max(1, Number(retainedWalBytes + safeWalSize));
  if (share >= budgetShare) {
    return problem(
      'slot-wal',
      `${kept}; it is lost after ${size(safeWalSize ?? 0n)} more.`,
      remedy,
    );
  }
  if (share >= FAR_BEHIND || walStatus === 'extended') {
    return note(
      'slot-wal',
      `${kept} (${walStatus})${because === '' ? ': the connector is behind' : ''}.`,
      remedy,
    );
  }
  return ok('slot-wal', `${kept} (${walStatus ?? 'unknown'})`);
}
