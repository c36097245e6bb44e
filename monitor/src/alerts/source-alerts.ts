import { CONNECTOR } from '@shelfcast/connect-config/context';
import {
  allFindings,
  checkSource,
  type SourceFacts,
} from '@shelfcast/connect-config/health/check-source';
import {
  SOURCE_CHECKS,
  type SourceCheck,
  type SourceFinding,
  type SourcePart,
} from '@shelfcast/connect-config/health/source-finding';
import { PUBLICATION } from '@shelfcast/product-database/publication';
import { longDuration } from '@shelfcast/service-kit/format';
import type { BurnRate } from '../source/burn-rate.ts';
import type { AlertName, Condition, Judgement } from './alert.ts';
import type { AlertThresholds } from './settings.ts';

interface SourceAlert {
  readonly name: AlertName;
  readonly severity: Condition['severity'];
  /** Where a finding does not say what it is about. */
  readonly subject: string;
  /** Whether it passes by itself at a start, and so has to last longer before it fires. */
  readonly passes?: boolean;
}

const server: SourceAlert = { name: 'SourceServer', severity: 'warning', subject: 'products' };
const unreachable = (subject: string): SourceAlert => ({
  ...{ name: 'Unreachable', severity: 'critical', subject, passes: true },
});
const slot = (name: AlertName): SourceAlert => ({ name, severity: 'critical', subject: '' });
const table = (name: AlertName): SourceAlert => ({
  name,
  severity: 'critical',
  subject: CONNECTOR,
});

/** The alert that each check of the source is: no problem is known only to those who ask. */
const ALERTS: Readonly<Record<SourceCheck, SourceAlert>> = {
  postgres: unreachable('Postgres'),
  kafka: unreachable('Kafka'),
  connect: unreachable('Kafka Connect'),
  'wal-level': server,
  'wal-budget': server,
  slots: server,
  'wal-senders': server,
  role: server,
  clock: server,
  migration: server,
  slot: slot('SlotLost'),
  offset: slot('SlotLost'),
  'slot-wal': slot('SlotBudget'),
  'slot-waits': { name: 'NotCapturing', severity: 'critical', subject: CONNECTOR, passes: true },
  heartbeat: slot('NoHeartbeat'),
  publication: { name: 'PublicationChanged', severity: 'critical', subject: PUBLICATION },
  operations: { name: 'PublicationChanged', severity: 'critical', subject: PUBLICATION },
  'own-tables': table('TableChanged'),
  published: table('TableNotCarried'),
  'row-filter': table('TableNotCarried'),
  'include-list': table('TableNotCarried'),
  'column-list': table('TableNotCarried'),
  'captured-tables': table('TableChanged'),
  'taken-out': table('TableTakenOut'),
  'table-identity': table('TableChanged'),
  key: table('TableChanged'),
  column: table('TableChanged'),
  'routing-column': table('TableChanged'),
  persistence: table('TableChanged'),
  inheritance: table('TableChanged'),
  partition: table('TableChanged'),
  'row-security': table('TableNotRead'),
  'replica-identity': table('TableChanged'),
  'generated-columns': table('TableChanged'),
  grant: table('TableNotRead'),
  'first-snapshot': table('TableNotRead'),
  topic: { name: 'TopicMissing', severity: 'critical', subject: CONNECTOR },
  'awaited-topic': { name: 'ConsumerWaits', severity: 'warning', subject: CONNECTOR },
  'connector-config': {
    ...{ name: 'ConnectorChanged', severity: 'warning', subject: CONNECTOR, passes: true },
  },
  connector: { name: 'NotCapturing', severity: 'critical', subject: CONNECTOR, passes: true },
};

/** What is wrong with the source, as alerts. Pure. */
export function judgeSource(
  source: SourceFacts,
  {
    slotName,
    burnRate,
    thresholds,
  }: {
    readonly slotName: string;
    readonly burnRate: BurnRate | undefined;
    readonly thresholds: AlertThresholds;
  },
): Judgement {
  const findings = allFindings(
    checkSource(source, {
      budgetShare: thresholds.ALERT_SLOT_BUDGET_PERCENT / 100,
      heartbeatLateMs: thresholds.ALERT_HEARTBEAT_SECONDS * 1_000,
    }),
  );
  const conditions = findings
    .filter((finding) => finding.level === 'problem' && !isToldElsewhere(finding, source))
    .map((finding) => toCondition(finding, { slotName, burnRate }));
  return { conditions: joined(conditions), unknown: unknownOf(source) };
}

function isToldElsewhere({ check }: SourceFinding, { connect, database }: SourceFacts): boolean {
  const connector = connect.reached ? connect.facts.connector : undefined;
  const isMissing = connect.reached && connector === undefined;
  const found = database.reached ? database.facts.capture?.slot : undefined;
  switch (check) {
    case 'slot':
      // A slot without a reader shows in its budget, the heartbeat and the connector.
      if (found !== undefined && !isLost(found)) return true;
      // Before the connector is registered there is none, and nothing is lost; whether it is, only Connect can tell.
      return found === undefined && (isMissing || !connect.reached);
    case 'connector':
      // TaskFailed says so, of every connector.
      return connector?.status !== undefined && hasFailed(connector.status);
    default:
      return false;
  }
}

function hasFailed({
  connector,
  tasks,
}: {
  readonly connector: { readonly state: string };
  readonly tasks: readonly { readonly state: string }[];
}): boolean {
  return [connector, ...tasks].some(({ state }) => state === 'FAILED');
}

/** Whether changes that were written since are gone for good. */
export function isLost(found: {
  readonly walStatus: string | null;
  readonly invalidationReason: string | null;
}): boolean {
  return found.walStatus === 'lost' || found.invalidationReason !== null;
}

function toCondition(
  { check, summary, remedy, subject }: SourceFinding,
  { slotName, burnRate }: { readonly slotName: string; readonly burnRate: BurnRate | undefined },
): Condition {
  const alert = ALERTS[check];
  const until =
    check === 'slot-wal' && burnRate !== undefined
      ? ` At the present rate its budget is spent in ${longDuration(burnRate.spentInMs)}.`
      : '';
  return {
    name: alert.name,
    subject: subject ?? (alert.subject === '' ? slotName : alert.subject),
    severity: alert.severity,
    summary: `${summary}${until}`,
    remedy: remedy ?? null,
    ...(alert.passes ? { passes: true } : {}),
  };
}

/** Several findings of one alert about one thing are told together; what mends the first is run first. */
function joined(conditions: readonly Condition[]): Condition[] {
  const known = new Map<string, Condition>();
  for (const condition of conditions) {
    const key = `${condition.name}/${condition.subject}`;
    const before = known.get(key);
    const summary =
      before === undefined ? condition.summary : `${before.summary} ${condition.summary}`;
    known.set(key, { ...(before ?? condition), summary });
  }
  return [...known.values()];
}

/** Alerts about which nothing is known while a part does not answer. That it does not is known. */
function unknownOf(source: SourceFacts): Set<AlertName> {
  const silent = PARTS.filter((part) => !source[part].reached);
  const checks = silent.flatMap((part): readonly SourceCheck[] => SOURCE_CHECKS[part]);
  const names = new Set(checks.map((check) => ALERTS[check].name));
  names.delete('Unreachable');
  if (source.awaited?.reached === false) names.add('ConsumerWaits');
  // Whether it is late hangs on all three.
  if (silent.length > 0) names.add('NoHeartbeat');
  return names;
}

const PARTS = ['database', 'broker', 'connect'] as const satisfies readonly SourcePart[];
