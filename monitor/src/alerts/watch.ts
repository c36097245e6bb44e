import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import type { LiveHealth } from '@shelfcast/schemas/monitor/live';
import type { Audit } from '@shelfcast/service-kit/audit/audit';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { repeat } from '@shelfcast/service-kit/repeat';
import { heartbeatOf } from '../source/heartbeat.ts';
import { createRestarts } from '../source/restarts.ts';
import type { TableGuard } from '../source/table-guard.ts';
import type { Judgement } from './alert.ts';
import { type AlertStore, alertKey, asAlert } from './alert-store.ts';
import { createHoldDown } from './hold-down.ts';
import { type Facts, judge } from './judge.ts';
import type { Leadership } from './leadership.ts';
import type { WatchMetrics } from './metrics.ts';
import type { Notifier } from './notify.ts';
import type { AlertThresholds } from './settings.ts';

export interface WatchOptions {
  /** Asks everybody; never rejects. */
  readonly gather: () => Promise<Facts>;
  readonly thresholds: AlertThresholds;
  /** How long something has to be so. */
  readonly holdMs: number;
  readonly store: AlertStore;
  readonly leadership: Leadership;
  readonly notifier: Notifier | undefined;
  readonly connect: Pick<ConnectClient, 'restart'>;
  /** Undefined: what one table stops is left to people. */
  readonly tableGuard: TableGuard | undefined;
  readonly audit: Audit;
  readonly metrics: WatchMetrics;
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface Watch {
  /** As of the last look; undefined before the first. */
  health(): LiveHealth | undefined;
  stop(): Promise<void>;
}

const INTERVAL_MS = 2_000;

/** Looks again and again whether all is well. One of the monitor processes acts on it; all show it. */
export function startWatch(options: WatchOptions): Watch {
  const { store, leadership, notifier, metrics, nowMs, log } = options;
  const holdDown = createHoldDown(options.holdMs, nowMs());
  const restarts = createRestarts();
  let isLeader = false;
  let health: LiveHealth | undefined;

  async function look(): Promise<void> {
    const facts = await options.gather();
    metrics.observe(facts);
    const judgement = judge(facts, options.thresholds);
    const isUnknown = (key: string) =>
      [...judgement.unknown].some((name) => key.startsWith(`${name}/`));
    holdDown.observe(new Set(judgement.conditions.map(alertKey)), nowMs(), isUnknown);
    isLeader = await leadership.holds();
    if (isLeader) await act(facts, judgement);
    const alerts = await store.list().catch((error: unknown) => {
      log.warn({ error }, 'alerts are not kept: the monitoring database does not answer');
      return judgement.conditions.map((condition) => asAlert(condition, nowMs()));
    });
    health = { ...agesIn(facts), atMs: nowMs(), alerts };
    metrics.firing(alerts);
  }

  async function act({ connectors = [] }: Facts, judgement: Judgement): Promise<void> {
    // First: a restart takes its time, and what fails again after it has not been so for long.
    await store.update(judgement, holdDown);
    for (const name of restarts.due(connectors, nowMs())) {
      const request = { onlyFailed: true, nr: restarts.count(name) };
      const deed = { who: 'monitor', action: 'connector.restart', target: name, request };
      metrics.restarts.inc({ connector: name });
      await options.audit
        .record(deed, async () => {
          await options.connect.restart(name, { onlyFailed: true });
          return {};
        })
        .catch((error: unknown) => log.warn({ error, connector: name }, 'not restarted'));
    }
  }

  const looking = repeat({
    failure: 'a look at the pipeline failed',
    everyMs: INTERVAL_MS,
    log,
    work: look,
  });
  // Apart from the looks: who takes his time to answer delays no alert.
  const telling = repeat({
    failure: 'the webhook could not be told: later',
    everyMs: INTERVAL_MS / 2,
    log,
    work: async (signal) => {
      if (isLeader) await notifier?.sendDue(signal);
    },
  });
  // Apart from the looks: to take a table out takes its time.
  const guarding = repeat({
    failure: 'the tables could not be looked at: later',
    everyMs: INTERVAL_MS,
    log,
    work: async () => {
      if (isLeader) await options.tableGuard?.look();
    },
  });
  return {
    health: () => health,
    async stop() {
      await Promise.all([looking.stop(), telling.stop(), guarding.stop()]);
      leadership.release();
      await notifier?.close();
    },
  };
}

function agesIn({
  source,
  groups = [],
}: Facts): Pick<LiveHealth, 'heartbeatAgeMs' | 'oldestUnhandledMs'> {
  return {
    heartbeatAgeMs: heartbeatOf(source).arrivedAgeMs ?? null,
    oldestUnhandledMs: Object.fromEntries(groups.map(({ consumer, lagMs }) => [consumer, lagMs])),
  };
}
