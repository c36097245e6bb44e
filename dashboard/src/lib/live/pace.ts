/** How fast something comes just now: what came a few seconds ago no longer counts. */
export interface Pace {
  add(count: number): void;
  perSecond(): number;
}

const WINDOW_MS = 1_000;

export function createPace(nowMs: () => number = () => performance.now()): Pace {
  let rate = 0;
  let atMs = nowMs();
  function perSecond(): number {
    const sinceMs = nowMs() - atMs;
    atMs += sinceMs;
    rate *= Math.exp(-sinceMs / WINDOW_MS);
    return rate;
  }
  return {
    add(count) {
      rate = perSecond() + count;
    },
    perSecond,
  };
}
