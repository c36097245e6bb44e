import type { BrokenOwnTable, OwnTable } from '@shelfcast/product-database/own-tables';
import { type Gathered, note, problem } from '@shelfcast/service-kit/finding';
import { type AwaitedTopic, checkAwaitedTopics } from './check-awaited-topics.ts';
import { checkEdited, checkIncludeList } from './check-config.ts';
import type { ConnectorFacts } from './check-connector.ts';
import { checkConnector, presenceOf } from './check-connector.ts';
import { checkHeartbeat } from './check-heartbeat.ts';
import { checkPublication, checkPublished } from './check-publication.ts';
import { checkServer } from './check-server.ts';
import { checkSlot } from './check-slot.ts';
import { checkTables } from './check-tables.ts';
import { checkTakenOut } from './check-taken-out.ts';
import { checkWrittenTopics } from './check-written-topics.ts';
import type { BrokerFacts } from './read-broker.ts';
import { type CaptureFacts, type DatabaseFacts, isBrokenOwn } from './read-source.ts';
import type { SourceCheck, SourceFinding } from './source-finding.ts';

/** What the database, Kafka and Kafka Connect told of the source. */
export interface SourceFacts {
  readonly database: Gathered<DatabaseFacts>;
  readonly broker: Gathered<BrokerFacts>;
  readonly connect: Gathered<ConnectorFacts>;
  readonly topicPrefix: string;
  /** What consumers wait for; undefined where their database is not asked. */
  readonly awaited?: Gathered<readonly AwaitedTopic[]> | undefined;
}

/** From when on something is a problem. */
export interface SourceThresholds {
  /** Share of the WAL budget that is used (default 0.8). */
  readonly budgetShare?: number;
  /** Age of the heartbeat (default: three intervals). */
  readonly heartbeatLateMs?: number;
}

/** What was found, by who was asked. */
export interface SourceFindings {
  readonly database: readonly SourceFinding[];
  readonly broker: readonly SourceFinding[];
  readonly connect: readonly SourceFinding[];
}

/**
 * The one list of checks of the source. Doctor, connector-status and the monitor's alerts all show what it finds, so that
 * nothing is known only to those who ask. Pure.
 */
export function checkSource(facts: SourceFacts, thresholds: SourceThresholds = {}): SourceFindings {
  return {
    database: checkDatabase(facts, thresholds),
    broker: checkBroker(facts, thresholds),
    connect: checkConnect(facts),
  };
}

/** All of them, in the order in which people read them. */
export function allFindings({ database, broker, connect }: SourceFindings): SourceFinding[] {
  return [...database, ...broker, ...connect];
}

/** What the migration made, where the database could be asked. */
export function captureOf({ database }: Pick<SourceFacts, 'database'>): CaptureFacts | undefined {
  return database.reached ? database.facts.capture : undefined;
}

function checkDatabase(facts: SourceFacts, { budgetShare }: SourceThresholds): SourceFinding[] {
  const { database, connect } = facts;
  if (!database.reached) {
    return unreached('postgres', {
      source: 'Postgres',
      why: database.why,
      unchecked: 'settings, slot, publication, captured tables',
    });
  }
  const { server, capture } = database.facts;
  if (!capture) {
    const summary = 'The products database is not migrated: no tables, no publication.';
    return [...checkServer(server), problem('migration', summary, 'make start')];
  }
  const presence = connect.reached ? presenceOf(connect.facts) : 'unknown';
  const storedLsn = connect.reached ? connect.facts.connector?.storedLsn : undefined;
  return [
    ...checkServer(server),
    ...checkSlot(capture, { presence, storedLsn }, budgetShare),
    ...checkCapture(capture),
  ];
}

/** What is captured, as the database alone can tell. */
export function checkCapture(capture: CaptureFacts): SourceFinding[] {
  return [
    ...capture.brokenOwnTables.map(brokenOwnTable),
    ...checkPublication(capture),
    ...checkPublished(capture),
    ...checkTables(capture),
    ...checkTakenOut(capture),
  ];
}

const EFFECTS: Readonly<Record<OwnTable, string>> = {
  'shelfcast.heartbeat': 'whether changes arrive is not known, and in an idle database WAL grows',
  'shelfcast.signal': 'snapshots neither begin nor end',
};

function brokenOwnTable({ table, reason }: BrokenOwnTable): SourceFinding {
  return problem(
    'own-tables',
    `${table} ${reason}: ${EFFECTS[table]}.`,
    'make connector-register',
    {
      subject: table,
    },
  );
}

function checkBroker(facts: SourceFacts, { heartbeatLateMs }: SourceThresholds): SourceFinding[] {
  const { broker, connect, topicPrefix } = facts;
  const capture = captureOf(facts);
  const kafka = broker.reached ? broker.facts : undefined;
  const missing = kafka?.written.filter(({ topic }) => !kafka.existing.has(topic)) ?? [];
  const heartbeat =
    capture === undefined || isBrokenOwn(capture, 'shelfcast.heartbeat')
      ? []
      : [
          checkHeartbeat({
            writtenAgeMs: capture.heartbeatWrittenAgeMs,
            arrivals: kafka?.arrivals,
            presence: connect.reached ? presenceOf(connect.facts) : 'unknown',
            topicPrefix,
            missingTopics: missing.map(({ topic }) => topic),
            ...(heartbeatLateMs === undefined ? {} : { lateMs: heartbeatLateMs }),
          }),
        ];
  if (!broker.reached) {
    return [
      ...unreached('kafka', {
        source: 'Kafka',
        why: broker.why,
        unchecked: 'brokers, topics, consumer groups',
      }),
      ...heartbeat,
    ];
  }
  const captured = capture?.capturedTables ?? [];
  return [
    ...checkWrittenTopics(broker.facts, captured),
    ...(facts.awaited?.reached ? checkAwaitedTopics(facts.awaited.facts, captured) : []),
    ...heartbeat,
  ];
}

function checkConnect(facts: SourceFacts): SourceFinding[] {
  const { connect } = facts;
  if (!connect.reached) {
    return unreached('connect', {
      source: 'Kafka Connect',
      why: connect.why,
      unchecked: 'connector, task, configuration',
    });
  }
  const { connector } = connect.facts;
  const captured = captureOf(facts)?.capturedTables;
  const own = checkConnector(connect.facts);
  if (connector === undefined || captured === undefined) return own;
  const { config, template } = connector;
  return [
    ...own,
    ...checkIncludeList(config, captured),
    checkEdited(config, { template, captured }),
  ];
}

/** One finding for a source that is down, and what could not be looked at because of it. */
function unreached(
  component: SourceCheck,
  { source, why, unchecked }: { source: string; why: string; unchecked: string },
): SourceFinding[] {
  return [
    problem(component, `${source} does not answer: ${why}`, `make logs SERVICE=${component}`),
    note(component, `Not checked: ${unchecked}.`),
  ];
}
