import { type ReplicationSlot, readSlot } from '@shelfcast/connect-config/replication-slot';
import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { type BurnRate, burnRateOf, type SlotSample, WINDOW_MS } from './burn-rate.ts';

/** How the source's changes leave it. */
export interface Replication {
  readonly slotName: string;
  /** Undefined: there is no such slot. */
  readonly slot: ReplicationSlot | undefined;
  /** How quickly the slot's budget is being used up; undefined where it is not, or has no limit. */
  readonly burnRate: BurnRate | undefined;
}

export interface ReplicationReader {
  /** @throws what Postgres throws */
  read(): Promise<Replication>;
}

export function createReplicationReader({
  products,
  slotName,
  nowMs,
}: {
  readonly products: Queryable;
  readonly slotName: string;
  readonly nowMs: () => number;
}): ReplicationReader {
  let samples: readonly SlotSample[] = [];

  function remember(slot: ReplicationSlot | undefined): void {
    if (slot === undefined || slot.safeWalSize === null) {
      samples = [];
      return;
    }
    const atMs = nowMs();
    const sample = {
      ...{ atMs, active: slot.active },
      retainedBytes: Number(slot.retainedWalBytes),
      safeBytes: Number(slot.safeWalSize),
    };
    samples = [...samples.filter((one) => one.atMs > atMs - WINDOW_MS), sample];
  }

  return {
    async read() {
      const slot = await readSlot(products, slotName);
      remember(slot);
      return { slotName, slot, burnRate: burnRateOf(samples) };
    },
  };
}
