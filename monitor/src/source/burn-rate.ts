/** How a slot was at a moment. */
export interface SlotSample {
  readonly atMs: number;
  /** Whether a client streams from it. */
  readonly active: boolean;
  readonly retainedBytes: number;
  /** That may still be written before the slot is lost. */
  readonly safeBytes: number;
}

/** How quickly a slot's budget is being used up. */
export interface BurnRate {
  readonly bytesPerSecond: number;
  readonly spentInMs: number;
}

/** What is older says nothing about now. */
export const WINDOW_MS = 600_000;
/** For a slot without a reader; in a shorter one, a single large transaction makes the rate. */
const UNREAD_WINDOW_MS = 60_000;
/** A slot that is read is freed in steps, some tens of seconds apart: a third of this holds several. */
const LEAST_SPAN_MS = 180_000;

/**
 * Whether what a slot keeps really grows. While it is read, what it keeps rises and falls: only when the last third of
 * the time lies wholly above the first, and does not fall, does the reader not keep up.
 * @param samples of the last `WINDOW_MS`, the oldest first
 * @returns undefined while it does not grow, or is not known to
 */
export function burnRateOf(samples: readonly SlotSample[]): BurnRate | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  const bytesPerSecond = last.active ? growthWhileRead(samples) : growthUnread(samples, last);
  if (bytesPerSecond <= 0) return undefined;
  return { bytesPerSecond, spentInMs: (Math.max(0, last.safeBytes) / bytesPerSecond) * 1_000 };
}

function growthUnread(samples: readonly SlotSample[], last: SlotSample): number {
  const readLast = samples.findLastIndex(({ active }) => active);
  const first = samples.slice(readLast + 1).find(({ atMs }) => atMs > last.atMs - UNREAD_WINDOW_MS);
  return growth(first ?? last, last);
}

function growthWhileRead(samples: readonly SlotSample[]): number {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return 0;
  const spanMs = last.atMs - first.atMs;
  if (spanMs < LEAST_SPAN_MS) return 0;
  /** What is of a part of the time, by how much was kept. */
  const within = (from: number, to: number): SlotSample[] =>
    samples
      .filter(({ atMs }) => {
        const share = (atMs - first.atMs) / spanMs;
        return share >= from && share <= to;
      })
      .sort((a, b) => a.retainedBytes - b.retainedBytes);
  const [early, late] = [within(0, 1 / 3), within(2 / 3, 1)];
  const [[from], [to]] = [early, late];
  if (from === undefined || to === undefined) return 0;
  const peak = (of: readonly SlotSample[]): number => of.at(-1)?.retainedBytes ?? 0;
  // A burst that is being read lies higher too, but falls.
  const falls = peak(within(5 / 6, 1)) < peak(within(2 / 3, 5 / 6));
  return to.retainedBytes < peak(early) || falls ? 0 : growth(from, to);
}

/** Bytes per second from one moment to a later one. */
function growth(from: SlotSample, to: SlotSample): number {
  const seconds = (to.atMs - from.atMs) / 1_000;
  return seconds > 0 ? (to.retainedBytes - from.retainedBytes) / seconds : 0;
}
