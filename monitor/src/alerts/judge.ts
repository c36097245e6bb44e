import { CONNECTOR } from '@shelfcast/connect-config/context';
import { type ConnectorPresence, checkSlot } from '@shelfcast/connect-config/health/check-slot';
import type { Finding } from '@shelfcast/connect-config/health/finding';
import type { ReplicationSlot } from '@shelfcast/connect-config/replication-slot';
import type { Alert } from '@shelfcast/schemas/monitor/live';
import { longDuration, size } from '@shelfcast/service-kit/words';
import { type ConnectorState, failuresOf } from '../source/connectors.ts';
import type { Replication } from '../source/replication.ts';
import type { AlertThresholds } from './settings.ts';

/** The alerts there are. Everything else is for Prometheus. */
export const ALERT_NAMES = [
  'ConsumerLag',
  'ConsumerSilent',
  'ConsumerErrors',
  'DeadLetters',
  'TaskFailed',
  'SlotLost',
  'SlotBudget',
  'NoHeartbeat',
  'RecordNearLimit',
] as const;
export type AlertName = (typeof ALERT_NAMES)[number];

/** What was found out; undefined: it could not be asked, so nothing is known about it. */
export interface Facts {
  readonly connectors: readonly ConnectorState[] | undefined;
  readonly replication: Replication | undefined;
  readonly groups:
    | readonly {
        readonly consumer: string;
        readonly members: number;
        /** Records that wait, and the age of the oldest of them. */
        readonly messages: bigint;
        readonly lagMs: number;
      }[]
    | undefined;
  readonly deadLetters: ReadonlyMap<string, number> | undefined;
  /** Of consumers, in the last ten seconds; reports of failures among all. */
  readonly errors: ReadonlyMap<string, { readonly failed: number; readonly all: number }>;
  /** The largest captured record of the last ten minutes. */
  readonly largestRecord: { readonly topic: string; readonly bytes: number } | undefined;
  readonly maxRecordBytes: number;
}

/** Something that is not well now. */
export interface Condition extends Pick<Alert, 'subject' | 'severity' | 'says' | 'mend'> {
  readonly name: AlertName;
}

export interface Judgement {
  readonly conditions: readonly Condition[];
  /** Alerts about which nothing is known now: they stay as they are. */
  readonly unknown: ReadonlySet<AlertName>;
}

/** Fewer reports than this in ten seconds make no rate. */
const MIN_REPORTS = 20;
/** Findings of `checkSlot` and the alerts they are. */
const SLOT_ALERTS: Readonly<Record<string, AlertName>> = {
  slot: 'SlotLost',
  'slot-wal': 'SlotBudget',
  heartbeat: 'NoHeartbeat',
};

/** What the facts mean; a pure function. */
export function judge(facts: Facts, thresholds: AlertThresholds): Judgement {
  const unknown = new Set<AlertName>();
  const conditions: Condition[] = [];
  if (facts.connectors === undefined) unknown.add('TaskFailed');
  else conditions.push(...facts.connectors.flatMap(judgeConnector));
  if (facts.replication === undefined) {
    for (const name of Object.values(SLOT_ALERTS)) unknown.add(name);
  } else if (facts.replication.slot === undefined && facts.connectors === undefined) {
    // Gone, or not made yet: only Connect can tell.
    for (const name of Object.values(SLOT_ALERTS)) unknown.add(name);
  } else conditions.push(...judgeReplication(facts.replication, facts.connectors, thresholds));
  if (facts.groups === undefined) unknown.add('ConsumerLag').add('ConsumerSilent');
  else conditions.push(...facts.groups.flatMap((group) => judgeGroup(group, thresholds)));
  if (facts.deadLetters === undefined) unknown.add('DeadLetters');
  else conditions.push(...judgeDeadLetters(facts.deadLetters, thresholds));
  conditions.push(...judgeErrors(facts.errors, thresholds), ...judgeRecord(facts, thresholds));
  return { conditions, unknown };
}

function judgeConnector(connector: ConnectorState): Condition[] {
  const [failure] = failuresOf(connector);
  if (failure === undefined) return [];
  const { cause, meaning, remedy, needsResync } = failure;
  return [
    {
      name: 'TaskFailed',
      subject: connector.name,
      severity: 'critical',
      says: `Connector ${connector.name} has failed. ${meaning ?? ''} Cause: ${cause.slice(0, 300)}`,
      mend: remedy ?? (needsResync ? 'YES=1 make resync' : 'make connector-restart'),
    },
  ];
}

function judgeReplication(
  { slotName, slot, heartbeatAgeMs, spending }: Replication,
  connectors: Facts['connectors'],
  thresholds: AlertThresholds,
): Condition[] {
  const presence = presenceIn(connectors);
  const findings = checkSlot({ slot, heartbeatAgeMs }, presence, {
    budgetShare: thresholds.ALERT_SLOT_BUDGET_PERCENT / 100,
    heartbeatLateMs: thresholds.ALERT_HEARTBEAT_SECONDS * 1_000,
  });
  return findings.flatMap((finding: Finding) => {
    const name = SLOT_ALERTS[finding.check];
    if (finding.level !== 'problem' || name === undefined) return [];
    // A slot that nobody streams from has its budget, the heartbeat and the task to tell of it.
    if (name === 'SlotLost' && slot !== undefined && !isLost(slot)) return [];
    // Before the connector is registered there is none, and nothing is lost.
    if (name === 'SlotLost' && slot === undefined && presence === 'missing') return [];
    const until =
      name === 'SlotBudget' && spending !== undefined
        ? ` At the present rate its budget is spent in ${longDuration(spending.spentInMs)}.`
        : '';
    const { says, mend = null } = finding;
    return [{ name, subject: slotName, severity: 'critical', says: `${says}${until}`, mend }];
  });
}

/** The heartbeat of a connector that was paused is late by intent. */
function presenceIn(connectors: Facts['connectors']): ConnectorPresence {
  if (connectors === undefined) return 'unknown';
  const ours = connectors.find(({ name }) => name === CONNECTOR);
  if (ours === undefined) return 'missing';
  const { state, tasks } = ours;
  const isRunning =
    state === 'RUNNING' && tasks.length > 0 && tasks.every((task) => task.state === 'RUNNING');
  return isRunning ? 'running' : 'not running';
}

/** Whether changes that were written since are gone for good. */
export function isLost(slot: Pick<ReplicationSlot, 'walStatus' | 'invalidationReason'>): boolean {
  return slot.walStatus === 'lost' || slot.invalidationReason !== null;
}

function judgeGroup(
  { consumer, members, messages, lagMs }: NonNullable<Facts['groups']>[number],
  thresholds: AlertThresholds,
): Condition[] {
  const conditions: Condition[] = [];
  if (members === 0) {
    conditions.push({
      name: 'ConsumerSilent',
      subject: consumer,
      severity: 'critical',
      says: `No process consumes as ${consumer}; ${messages} records wait.`,
      mend: 'make status   # and start the consumers',
    });
  }
  if (lagMs > thresholds.ALERT_LAG_SECONDS * 1_000) {
    conditions.push({
      name: 'ConsumerLag',
      subject: consumer,
      severity: 'warning',
      says: `${consumer} is ${longDuration(lagMs)} behind; ${messages} records wait.`,
      mend: null,
    });
  }
  return conditions;
}

function judgeDeadLetters(
  counts: ReadonlyMap<string, number>,
  thresholds: AlertThresholds,
): Condition[] {
  return [...counts]
    .filter(([, keys]) => keys >= thresholds.ALERT_DEAD_LETTERS)
    .map(([consumer, keys]) => ({
      name: 'DeadLetters',
      subject: consumer,
      severity: 'warning',
      says: `${keys} keys of ${consumer} wait for people: their changes could not be applied.`,
      mend: `make dead-letters CONSUMER=${consumer}`,
    }));
}

function judgeErrors(errors: Facts['errors'], thresholds: AlertThresholds): Condition[] {
  return [...errors]
    .filter(([, { failed, all }]) => {
      return all >= MIN_REPORTS && (failed / all) * 100 > thresholds.ALERT_ERROR_PERCENT;
    })
    .map(([consumer, { failed, all }]) => ({
      name: 'ConsumerErrors',
      subject: consumer,
      severity: 'warning',
      says: `${Math.round(failed)} of ${Math.round(all)} reports of ${consumer} in the last ten seconds are failures.`,
      mend: `make dead-letters CONSUMER=${consumer}`,
    }));
}

function judgeRecord(
  { largestRecord, maxRecordBytes }: Facts,
  thresholds: AlertThresholds,
): Condition[] {
  if (largestRecord === undefined) return [];
  const { topic, bytes } = largestRecord;
  if (bytes < (maxRecordBytes * thresholds.ALERT_RECORD_PERCENT) / 100) return [];
  return [
    {
      name: 'RecordNearLimit',
      subject: topic,
      severity: 'warning',
      says: `A record of ${topic} had ${size(bytes)}; one of more than ${size(maxRecordBytes)} stops the connector.`,
      mend: null,
    },
  ];
}
