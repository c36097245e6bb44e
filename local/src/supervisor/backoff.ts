/** How a child that died is brought back. */
export const RESTART_POLICY = {
  /** Pause before the first restart; each further death in a row doubles it. */
  firstDelayMs: 250,
  maxDelayMs: 15_000,
  /** A child that ran this long is sound again: its next death starts from `firstDelayMs`. */
  stableAfterMs: 30_000,
};

export type RestartPolicy = typeof RESTART_POLICY;

/** Deaths in a row, counting the one that just happened after `ranMs`. */
export function deathsInARow(before: number, ranMs: number, policy: RestartPolicy): number {
  return ranMs >= policy.stableAfterMs ? 1 : before + 1;
}

/** Pause before the next start after that many deaths in a row. */
export function restartDelayMs(deaths: number, policy: RestartPolicy): number {
  return Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.max(0, deaths - 1));
}
