import { listRemovedTables, type RemovedTable } from '@shelfcast/product-database/captured-tables';
import type { Finding } from '@shelfcast/service-kit/finding';
import { CONNECTOR, type ConnectorContext, SLOT } from './context.ts';
import { allFindings, captureOf, checkSource, type SourceFacts } from './health/check-source.ts';
import { gatherSource } from './health/gather-source.ts';
import type { SourceFinding } from './health/source-finding.ts';
import { epochOf } from './render.ts';
import type { ReplicationSlot } from './replication-slot.ts';
import { formatTableName, tableArgument } from './table-name.ts';
import { describeStates, isRunning } from './wait-until.ts';

export interface ConnectorReport {
  /** Whether changes flow: everything RUNNING, and no problem found. */
  readonly healthy: boolean;
  readonly lines: readonly string[];
  /** Sentences, each with what mends it. */
  readonly problems: readonly string[];
  /** Those of the problems after which changes are missing in Kafka. */
  readonly losses: readonly string[];
}

const MIB = 1024n * 1024n;

/** The connector, its task, its slot and its tables at a glance, with everything that doctor and the monitor would find. */
export async function reportConnector(context: SourceReader): Promise<ConnectorReport> {
  const facts = await gatherSource({ ...context, ...context.settings });
  const problems = problemsOf(facts);
  const connector = facts.connect.reached ? facts.connect.facts.connector : undefined;
  return {
    healthy:
      connector?.status !== undefined && isRunning(connector.status) && problems.length === 0,
    lines: [
      ...connectorLines(facts),
      ...captureLines(facts),
      ...(await removedLines(context.products)),
    ],
    problems: problems.map(sentence),
    losses: problems.filter(({ readAgain }) => readAgain !== undefined).map(sentence),
  };
}

/** What asking the source takes. */
export type SourceReader = Pick<
  ConnectorContext,
  'client' | 'products' | 'admin' | 'reader' | 'settings'
>;

/** A finding as one text with the command that mends it. */
export function sentence({ summary, remedy }: Finding): string {
  return remedy === undefined ? summary : `${summary}\n  To mend it: ${remedy}`;
}

function problemsOf(facts: SourceFacts): SourceFinding[] {
  return allFindings(checkSource(facts)).filter(({ level }) => level === 'problem');
}

function connectorLines({ connect }: SourceFacts): string[] {
  if (!connect.reached) return [];
  const { connector } = connect.facts;
  if (connector === undefined) return [`There is no connector ${CONNECTOR}.`];
  const { status, config } = connector;
  return [
    status === undefined ? 'no worker has the connector yet' : describeStates(status),
    `epoch ${epochOf(config) ?? 'unknown'}`,
  ];
}

function captureLines(facts: SourceFacts): string[] {
  const capture = captureOf(facts);
  if (capture === undefined) return [];
  const { capturedTables, slot } = capture;
  const { broker } = facts;
  const age = broker.reached ? broker.facts.arrivals.heartbeatAgeMs : undefined;
  const arrived = age === undefined ? 'none arrived in Kafka' : `arrived ${seconds(age)} ago`;
  const written = capture.heartbeatWrittenAgeMs;
  return [
    `tables ${capturedTables.map(formatTableName).join(', ')}`,
    `heartbeat written ${written === undefined ? 'never' : `${seconds(written)} ago`}, ${arrived}`,
    slot === undefined ? 'no replication slot' : slotLine(slot),
  ];
}

function slotLine(slot: ReplicationSlot): string {
  const room = slot.safeWalSize === null ? '' : `, ${slot.safeWalSize / MIB} MiB until it is lost`;
  return `slot ${SLOT} ${slot.active ? 'active' : 'not active'}, WAL ${slot.walStatus ?? 'unknown'}, ${slot.retainedWalBytes / MIB} MiB kept${room}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function removedLines(products: SourceReader['products']): Promise<string[]> {
  const removed = await listRemovedTables(products);
  return removed.filter(({ topicDeleted }) => !topicDeleted).map(removedLine);
}

function removedLine(removed: RemovedTable): string {
  const { removedAt, removedBy, reason } = removed;
  const name = formatTableName(removed);
  const because = reason === null ? '' : ` (${reason})`;
  return `taken out ${name}, ${removedAt.toISOString()} by ${removedBy}${because}: make connector-add-table ${tableArgument(name)} captures it again`;
}
