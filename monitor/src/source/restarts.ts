import { type ConnectorState, failuresOf } from './connectors.ts';

export interface RestartPolicy {
  /** Pause before the first restart; each further one takes twice as long. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Restarts without success after which people are asked. */
  readonly limit: number;
  /** A connector that ran this long has recovered: its count restarts at zero. */
  readonly healthyAfterMs: number;
}

export const RESTART_POLICY: RestartPolicy = {
  firstDelayMs: 5_000,
  longestDelayMs: 300_000,
  limit: 6,
  healthyAfterMs: 600_000,
};

/** Decides which connectors to restart now. */
export interface Restarts {
  /** @returns names of those to be restarted, which count as restarted with that */
  due(connectors: readonly ConnectorState[], nowMs: number): string[];
  /** Restarts since the connector last ran for long enough. */
  count(name: string): number;
}

interface History {
  count: number;
  /** When it may be restarted next. */
  nextAtMs: number;
  /** Since when it runs; undefined while it does not. */
  healthySinceMs: number | undefined;
}

/**
 * A task that failed stays so until it is restarted. Most failures pass (a database away for a minute); one that
 * does not is tried less and less often and then left to people, and what only a resync mends is never restarted:
 * it would go on behind a hole.
 */
export function createRestarts(policy: RestartPolicy = RESTART_POLICY): Restarts {
  const histories = new Map<string, History>();
  return {
    due(connectors, nowMs) {
      const due: string[] = [];
      for (const connector of connectors) {
        const { name } = connector;
        const failures = failuresOf(connector);
        const history = histories.get(name);
        if (failures.length === 0) {
          if (history === undefined) continue;
          history.healthySinceMs ??= nowMs;
          if (nowMs - history.healthySinceMs >= policy.healthyAfterMs) histories.delete(name);
          continue;
        }
        if (failures.some(({ needsResync }) => needsResync)) continue;
        if (history === undefined) {
          const nextAtMs = nowMs + policy.firstDelayMs;
          histories.set(name, { count: 0, nextAtMs, healthySinceMs: undefined });
          continue;
        }
        history.healthySinceMs = undefined;
        if (history.count >= policy.limit || nowMs < history.nextAtMs) continue;
        history.count += 1;
        const delayMs = policy.firstDelayMs * 2 ** history.count;
        history.nextAtMs = nowMs + Math.min(delayMs, policy.longestDelayMs);
        due.push(name);
      }
      return due;
    },
    count: (name) => histories.get(name)?.count ?? 0,
  };
}
