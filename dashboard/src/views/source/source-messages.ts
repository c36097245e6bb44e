import type {
  ConnectFailure,
  ConnectorItem,
  ReplicationState,
} from '@shelfcast/schemas/monitor/operations';
import { bytes, plural, span } from '../../lib/format.ts';
import type { Status } from '../../lib/status.ts';

export interface PartState {
  readonly status: Status;
  /** `runs`, `paused`, … */
  readonly word: string;
}

/** The state of a connector or task, by Connect's name of it. */
export function connectState(state: string): PartState {
  switch (state) {
    case 'RUNNING':
      return { status: 'ok', word: 'runs' };
    case 'PAUSED':
      return { status: 'warn', word: 'is paused' };
    case 'STOPPED':
      return { status: 'warn', word: 'is stopped' };
    case 'FAILED':
      return { status: 'bad', word: 'has failed' };
    case 'RESTARTING':
      return { status: 'warn', word: 'restarts' };
    case 'UNASSIGNED':
      return { status: 'warn', word: 'waits for a worker' };
    default:
      return { status: 'off', word: state.toLowerCase() };
  }
}

export interface ConnectorSummary extends PartState {
  readonly summary: string;
  /** The first failure of the connector or a task. */
  readonly failure: ConnectFailure | null;
}

/** A connector with its tasks: it is only well when they are. */
export function connectorSummary({ state, failure, tasks }: ConnectorItem): ConnectorSummary {
  const first = failure ?? tasks.find((task) => task.failure !== null)?.failure ?? null;
  const failed = tasks.filter((task) => task.state === 'FAILED').length;
  if (first !== null || failed > 0) {
    const summary =
      failed === 0
        ? 'No change is captured. Rows can still be written; their changes wait in the slot.'
        : `${plural(failed, 'task')} of ${tasks.length} failed: no change is captured. Rows can still be written; their changes wait in the slot.`;
    return { status: 'bad', word: 'has failed', summary, failure: first };
  }
  const own = connectState(state);
  if (own.status !== 'ok') {
    const summary =
      'No change is captured meanwhile. Rows can be written; their changes wait in the slot, whose room is limited.';
    return { ...own, summary, failure: null };
  }
  const idle = tasks.filter((task) => task.state !== 'RUNNING');
  if (tasks.length === 0 || idle.length > 0) {
    const summary =
      tasks.length === 0
        ? 'It has no task yet, so nothing is captured.'
        : 'Not every task runs yet.';
    return { status: 'warn', word: 'starts', summary, failure: null };
  }
  return { ...own, summary: 'Every committed change is captured as it comes.', failure: null };
}

export interface SlotSummary extends PartState {
  readonly summary: string;
  /** Of the budget of WAL that may be kept, 0 to 1; null without a limit. */
  readonly spentShare: number | null;
  /** `112 kB of 4.01 GB`. */
  readonly figure: string;
  /** What to type, as doctor and the alerts say it; null: nothing has to be done. */
  readonly remedy: string | null;
}

/** What lies further ahead is as good as never. */
const FORESEEABLE_MS = 90 * 86_400_000;

/** When the budget will be spent, in milliseconds; undefined: not in any foreseeable time. */
export function spentInMs({ burnRate }: ReplicationState): number | undefined {
  return burnRate !== null && burnRate.spentInMs < FORESEEABLE_MS ? burnRate.spentInMs : undefined;
}

/** Shares of the budget from which the gauge warns. */
const WARN_SHARE = 0.5;
const BAD_SHARE = 0.8;
/** A heartbeat arrives every five seconds; with three missed, nothing flows. */
const HEARTBEAT_LATE_MS = 15_000;

/** How the replication slot does, in words. */
export function slotSummary(state: ReplicationState): SlotSummary {
  const { slotName, slot, remedy } = state;
  if (slot === null) {
    return {
      status: 'bad',
      word: 'is missing',
      summary: `Postgres has no slot ${slotName}: changes are not kept for the connector.`,
      spentShare: null,
      figure: '–',
      remedy,
    };
  }
  const retained = Number(slot.retainedWalBytes);
  const safe = slot.safeWalSize === null ? null : Math.max(0, Number(slot.safeWalSize));
  const budget = safe === null ? null : retained + safe;
  const spentShare = budget === null || budget === 0 ? null : retained / budget;
  const figure =
    budget === null
      ? `${bytes(retained)}, without a limit`
      : `${bytes(retained)} of ${bytes(budget)}`;
  const shared = { spentShare, figure };
  if (slot.walStatus === 'lost' || slot.invalidationReason !== null) {
    const why = slot.invalidationReason === null ? '' : ` (${slot.invalidationReason})`;
    return {
      ...shared,
      status: 'bad',
      word: 'is lost',
      summary: `Postgres gave up the WAL that was kept${why}: changes are missing. Everything has to be read again.`,
      remedy,
    };
  }
  const inMs = spentInMs(state);
  const until = inMs === undefined ? '' : ` At the present rate it is full in ${span(inMs)}.`;
  if (slot.walStatus === 'unreserved' || (spentShare ?? 0) >= BAD_SHARE) {
    return {
      ...shared,
      status: 'bad',
      word: 'is nearly full',
      summary: `Once the budget is spent, Postgres drops what was kept, and changes are lost.${until} Let the connector read now.`,
      remedy,
    };
  }
  if (!slot.active) {
    return {
      ...shared,
      status: 'warn',
      word: 'is not read',
      summary: `Nothing reads it, so WAL piles up.${until === '' ? ' At present nothing is written.' : until}`,
      remedy,
    };
  }
  const status = (spentShare ?? 0) >= WARN_SHARE ? 'warn' : 'ok';
  const kept = safe === null ? '' : ' It is read as fast as it fills.';
  const summary = `The connector reads it.${until === '' ? kept : until}`;
  return { ...shared, status, word: 'is read', summary, remedy };
}

/** What Postgres' `wal_status` means. */
export function describeWalStatus(walStatus: string | null): string {
  switch (walStatus) {
    case 'reserved':
      return 'What is kept is within max_wal_size (reserved).';
    case 'extended':
      return 'More than max_wal_size is kept, and still safe (extended).';
    case 'unreserved':
      return 'What is kept may be dropped at the next checkpoint (unreserved).';
    case 'lost':
      return 'What was kept is gone (lost).';
    default:
      return 'Not known.';
  }
}

/** The heartbeat in a sentence, and whether it is late. It is judged where it arrives, not where it is written. */
export function describeHeartbeat({
  heartbeatAgeMs: ageMs,
  heartbeatWrittenAgeMs: writtenAgeMs,
}: Pick<ReplicationState, 'heartbeatAgeMs' | 'heartbeatWrittenAgeMs'>): {
  readonly summary: string;
  readonly isLate: boolean;
} {
  const written =
    writtenAgeMs === null
      ? 'none is written'
      : `the last was written in the database ${span(writtenAgeMs)} ago`;
  if (ageMs === null)
    return { summary: `No heartbeat arrives in Kafka; ${written}.`, isLate: true };
  if (ageMs <= HEARTBEAT_LATE_MS) {
    return { summary: `The last heartbeat arrived in Kafka ${span(ageMs)} ago.`, isLate: false };
  }
  const summary = `The last heartbeat arrived in Kafka ${span(ageMs)} ago, which is late; ${written}.`;
  return { summary, isLate: true };
}
