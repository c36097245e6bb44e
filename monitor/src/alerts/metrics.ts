import type { SourceFacts } from '@shelfcast/connect-config/health/check-source';
import type { Alert } from '@shelfcast/schemas/monitor/live';
import { Counter, Gauge, type Registry } from 'prom-client';
import { heartbeatOf } from '../source/heartbeat.ts';
import type { Facts } from './judge.ts';
import { isLost } from './source-alerts.ts';

export interface WatchMetrics {
  readonly restarts: Counter<'connector'>;
  observe(facts: Facts): void;
  firing(alerts: readonly Alert[]): void;
}

const STATES = ['RUNNING', 'PAUSED', 'STOPPED', 'FAILED', 'UNASSIGNED', 'RESTARTING'] as const;

/** What the monitor sees, for Prometheus' own rules. */
export function createWatchMetrics(registry: Registry, nowMs: () => number): WatchMetrics {
  let arrivedAtMs: number | undefined;
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const tasks = gauge('shelfcast_connector_tasks', 'Tasks of a connector that are in a state', [
    'connector',
    'state',
  ] as const);
  const retained = gauge(
    'shelfcast_replication_slot_retained_bytes',
    'WAL that cannot be freed because of the slot',
    ['slot'] as const,
  );
  const safe = gauge(
    'shelfcast_replication_slot_safe_bytes',
    'WAL that may still be written before the slot is lost; absent without a limit',
    ['slot'] as const,
  );
  const lost = gauge(
    'shelfcast_replication_slot_lost',
    '1 when the slot is gone or was invalidated',
    ['slot'] as const,
  );
  const heartbeat = gauge(
    'shelfcast_heartbeat_age_seconds',
    'Since a heartbeat last arrived in Kafka; +Inf when there is none',
    [] as const,
  );
  const written = gauge(
    'shelfcast_heartbeat_written_age_seconds',
    'Since the connector last wrote the heartbeat in the database',
    [] as const,
  );
  const members = gauge('shelfcast_consumer_members', 'Processes that consume as a consumer', [
    'consumer',
  ] as const);
  const deadLetters = gauge('shelfcast_dead_letter_keys', 'Keys that wait for people', [
    'consumer',
  ] as const);
  const largest = gauge(
    'shelfcast_largest_record_bytes',
    'The largest captured record of the last ten minutes',
    [] as const,
  );
  const limit = gauge(
    'shelfcast_record_limit_bytes',
    'The largest record that the pipeline carries',
    [] as const,
  );
  const alerts = gauge('shelfcast_alerts_firing', 'Alerts of the monitor that fire', [
    'name',
    'subject',
  ] as const);

  function observeSlot({ slotName: slot, slot: answer }: Facts): void {
    if (answer === undefined) return;
    const found = answer.slot;
    retained.set({ slot }, Number(found?.retainedWalBytes ?? 0));
    safe.reset();
    if (typeof found?.safeWalSize === 'bigint') safe.set({ slot }, Number(found.safeWalSize));
    lost.set({ slot }, found === undefined || isLost(found) ? 1 : 0);
  }

  /** While nothing is known the last beat grows older. */
  function observeHeartbeat(source: SourceFacts): void {
    const { arrivedAgeMs, writtenAgeMs } = heartbeatOf(source);
    if (source.broker.reached) {
      arrivedAtMs = arrivedAgeMs === undefined ? undefined : nowMs() - arrivedAgeMs;
    }
    heartbeat.set(
      arrivedAtMs === undefined ? Number.POSITIVE_INFINITY : (nowMs() - arrivedAtMs) / 1_000,
    );
    if (writtenAgeMs !== undefined) written.set(writtenAgeMs / 1_000);
  }

  return {
    restarts: new Counter({
      name: 'shelfcast_connector_restarts_total',
      help: 'Restarts of failed tasks by the monitor itself',
      labelNames: ['connector'] as const,
      registers,
    }),
    observe(facts) {
      tasks.reset();
      for (const { name: connector, tasks: all } of facts.connectors ?? []) {
        for (const state of STATES) {
          tasks.set({ connector, state }, all.filter((task) => task.state === state).length);
        }
      }
      observeSlot(facts);
      observeHeartbeat(facts.source);
      for (const group of facts.groups ?? []) {
        members.set({ consumer: group.consumer }, group.members);
      }
      for (const [consumer, keys] of facts.deadLetters ?? []) deadLetters.set({ consumer }, keys);
      largest.set(facts.largestRecord?.bytes ?? 0);
      limit.set(facts.maxRecordBytes);
    },
    firing(all) {
      alerts.reset();
      for (const { name, subject, state } of all) {
        if (state === 'firing') alerts.set({ name, subject }, 1);
      }
    },
  };
}
