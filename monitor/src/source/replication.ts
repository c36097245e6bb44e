import { readHeartbeatAgeMs } from '@shelfcast/connect-config/health/heartbeat';
import { type ReplicationSlot, readSlot } from '@shelfcast/connect-config/replication-slot';
import type { Queryable } from '@shelfcast/product-database/captured-tables';

/** How the source's changes leave it. */
export interface Replication {
  readonly slotName: string;
  /** Undefined: there is no such slot. */
  readonly slot: ReplicationSlot | undefined;
  /** By Postgres' clock; undefined when the heartbeat's row is gone. */
  readonly heartbeatAgeMs: number | undefined;
  /** How quickly the slot's budget is being used up; undefined where it is not, or has no limit. */
  readonly spending: { readonly bytesPerSecond: number; readonly spentInMs: number } | undefined;
}

export interface ReplicationReader {
  /** @throws what Postgres throws */
  read(): Promise<Replication>;
}

/** The rate is that of the last minute: shorter, and one large transaction makes it. */
const RATE_WINDOW_MS = 60_000;

export function createReplicationReader({
  products,
  slotName,
  nowMs,
}: {
  readonly products: Queryable;
  readonly slotName: string;
  readonly nowMs: () => number;
}): ReplicationReader {
  let samples: { readonly atMs: number; readonly safeBytes: number }[] = [];

  function spendingOf(slot: ReplicationSlot | undefined): Replication['spending'] {
    if (slot?.safeWalSize === null || slot?.safeWalSize === undefined) {
      samples = [];
      return undefined;
    }
    const now = { atMs: nowMs(), safeBytes: Number(slot.safeWalSize) };
    samples = [...samples.filter(({ atMs }) => atMs > now.atMs - RATE_WINDOW_MS), now];
    const [first = now] = samples;
    const seconds = (now.atMs - first.atMs) / 1_000;
    const bytesPerSecond = seconds > 0 ? (first.safeBytes - now.safeBytes) / seconds : 0;
    if (bytesPerSecond <= 0) return undefined;
    return { bytesPerSecond, spentInMs: (Math.max(0, now.safeBytes) / bytesPerSecond) * 1_000 };
  }

  return {
    async read() {
      const slot = await readSlot(products, slotName);
      const heartbeatAgeMs = await readHeartbeatAgeMs(products);
      return { slotName, slot, heartbeatAgeMs, spending: spendingOf(slot) };
    },
  };
}
