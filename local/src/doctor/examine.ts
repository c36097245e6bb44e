import { join } from 'node:path';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { checkConfig } from '@shelfcast/connect-config/health/check-config';
import {
  captureOf,
  checkSource,
  type SourceFacts,
} from '@shelfcast/connect-config/health/check-source';
import { gather } from '@shelfcast/connect-config/health/gather';
import { gatherSource } from '@shelfcast/connect-config/health/gather-source';
import { listAwaitedTopics } from '@shelfcast/connect-config/readers';
import { epochOf, renderConnector } from '@shelfcast/connect-config/render';
import { loadTemplate } from '@shelfcast/connect-config/template';
import { declaredTopics } from '@shelfcast/connect-config/topics';
import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import {
  type Finding,
  type FindingGroup,
  type Gathered,
  note,
  problem,
} from '@shelfcast/service-kit/finding';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { connectUrl } from '../components/connect.ts';
import { databaseUrl } from '../components/databases.ts';
import { registryAddress } from '../components/registry.ts';
import type { LocalSettings } from '../settings.ts';
import { checkContracts } from './checks/contracts.ts';
import { checkDeadLetters } from './checks/dead-letters.ts';
import { checkGroup } from './checks/groups.ts';
import { checkMachine } from './checks/machine.ts';
import { checkPorts } from './checks/ports.ts';
import { checkProcesses } from './checks/processes.ts';
import { checkLargestRow, checkRecordSizes } from './checks/record-size.ts';
import { checkTopics } from './checks/topics.ts';
import { type DeadLetterFacts, deadLetterFacts, retiredConsumers } from './facts/dead-letters.ts';
import { type KafkaFacts, kafkaFacts } from './facts/kafka.ts';
import { type LargestRow, largestRows } from './facts/largest-rows.ts';
import { machineFacts } from './facts/machine.ts';
import { type RegistryFacts, registryFacts } from './facts/registry.ts';
import { isUp, type StackFacts, stackFacts } from './facts/stack.ts';
import { withSession } from './facts/with-session.ts';

/** What the whole pipeline told. */
export type PipelineFacts = {
  settings: LocalSettings;
  stack: StackFacts;
  source: SourceFacts;
  kafka: Gathered<KafkaFacts>;
  largestRows: Gathered<LargestRow[]>;
  registry: Gathered<RegistryFacts>;
  deadLetters: Gathered<DeadLetterFacts[]>;
};

/**
 * Examines what the machine has of the tools that `make start` needs.
 * @param env the environment programs are looked up in (PATH, JAVA_HOME)
 */
export async function examineMachine(
  settings: Pick<LocalSettings, 'stateDir'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<FindingGroup[]> {
  const facts = await machineFacts({ stateDir: settings.stateDir, env });
  return [{ title: 'Machine', findings: checkMachine(facts) }];
}

/** Examines the local stack and, where it runs, the pipeline. Changes nothing. */
export async function examineStack(settings: LocalSettings): Promise<FindingGroup[]> {
  const stack = await stackFacts(settings);
  const processes = {
    title: 'Stack',
    findings: [...checkProcesses(stack), ...checkPorts(stack)],
  };
  if (!isUp(stack)) return [processes];
  return [processes, ...judgePipeline(await pipelineFacts(settings, stack))];
}

/** Asks each part once. The source comes first: what is captured decides what the others are asked. */
async function pipelineFacts(settings: LocalSettings, stack: StackFacts): Promise<PipelineFacts> {
  const { ports } = settings;
  const listening = (port: number) => stack.ports.some((use) => use.port === port && use.taken);
  const kafkaClient = createKafka({
    connection: {
      bootstrapServers: ports.kafka.map((port) => `127.0.0.1:${port}`),
      maxRecordBytes: 1_048_576,
    },
    clientId: 'shelfcast-doctor',
    log: silentLogger(),
  });
  const admin = kafkaClient.createAdmin();
  const reader = kafkaClient.createLogReader();
  const products = createPool({
    url: databaseUrl(settings, 'products'),
    max: 1,
    applicationName: 'shelfcast-doctor',
    connectTimeoutMs: 3_000,
    statementTimeoutMs: 5_000,
    log: silentLogger(),
  });
  // A worker that does not answer now is a finding.
  const client = createConnectClient({
    url: connectUrl(settings),
    timeoutMs: 5_000,
    retryForMs: 0,
  });
  /** Its client would try for a while. */
  const assertListening = () => {
    if (!ports.kafka.some(listening)) throw new Error(`nothing listens on port ${ports.kafka[0]}`);
  };
  try {
    const source = await gatherSource({
      ...{ products, client, admin, reader, assertListening },
      awaitedTopics: () => withSession(databaseUrl(settings, 'consumers'), listAwaitedTopics),
      ...settings.capture,
    });
    const captured = captureOf(source)?.capturedTables ?? [];
    const topics = captured.map((table) =>
      cdcTopic({ prefix: settings.capture.topicPrefix, ...table }),
    );
    const retired = await gather(() => retiredConsumers(databaseUrl(settings, 'consumers')));
    const missed = (group: string) => !retired.reached || !retired.facts.has(group);
    const [kafka, registry, deadLetters, rows] = await Promise.all([
      gather(async () => {
        assertListening();
        return await kafkaFacts({
          admin,
          declared: declaredBy(settings, captured),
          groups: settings.capture.consumerGroups.filter(missed),
        });
      }, 30_000),
      gather(async () => ({
        ...(await registryFacts(registryAddress(settings), topics)),
        curl: `curl --config ${join(settings.stateDir, 'secrets', 'registry.curl')}`,
      })),
      gather(() => deadLetterFacts(databaseUrl(settings, 'consumers'))),
      gather(() => largestRows(databaseUrl(settings, 'products'))),
    ]);
    return { settings, stack, source, kafka, largestRows: rows, registry, deadLetters };
  } finally {
    reader.close();
    await Promise.all([admin.close(), products.end()]);
  }
}

/** All judgements about a pipeline; pure. */
export function judgePipeline(facts: PipelineFacts): FindingGroup[] {
  return [
    { title: 'Postgres', findings: [...checkSource(facts.source).database] },
    { title: 'Kafka', findings: judgeKafka(facts) },
    { title: 'Connector', findings: judgeConnect(facts) },
    { title: 'Schema registry', findings: judgeRegistry(facts) },
    { title: 'Record size', findings: judgeRecordSizes(facts) },
    { title: 'Consumers', findings: judgeConsumers(facts) },
  ];
}

function judgeKafka({ settings, source, kafka }: PipelineFacts): Finding[] {
  const own = checkSource(source).broker;
  if (!kafka.reached) return [...own];
  const captured = captureOf(source)?.capturedTables;
  return [
    ...own,
    ...checkTopics(kafka.facts, declaredBy(settings, captured ?? [])),
    ...(captured
      ? []
      : [unchecked('topic', 'topics of captured tables, as Postgres was not read')]),
    ...kafka.facts.groups.map(checkGroup),
  ];
}

function judgeConnect({ settings, source }: PipelineFacts): Finding[] {
  const own = checkSource(source).connect;
  const { connect } = source;
  const config = connect.reached ? connect.facts.connector?.config : undefined;
  if (!config) return [...own];
  const captured = captureOf(source)?.capturedTables;
  if (!captured || captured.length === 0) {
    return [
      ...own,
      unchecked('connector-config', 'its configuration, as no captured tables are known'),
    ];
  }
  const wanted = renderConnector({
    template: loadTemplate(),
    capturedTables: captured,
    epoch: epochOf(config) ?? 0n,
    settings: settings.capture,
  });
  // The settings here say more than what the connector was registered with.
  const others = own.filter(({ check }) => check !== 'connector-config');
  return [...others, checkConfig(config, wanted)];
}

function judgeRecordSizes(facts: PipelineFacts): Finding[] {
  const { settings, stack, source, kafka, largestRows } = facts;
  const limitBytes = settings.capture.maxRecordBytes;
  const { connect } = source;
  return [
    ...checkRecordSizes({
      limitBytes,
      recordBytes: stack.recordBytes,
      kafka: kafka.reached ? kafka.facts : undefined,
      connectorConfig: connect.reached ? connect.facts.connector?.config : undefined,
    }),
    ...(largestRows.reached ? [checkLargestRow(largestRows.facts, limitBytes)] : []),
  ];
}

function judgeConsumers({ deadLetters }: PipelineFacts): Finding[] {
  if (deadLetters.reached) return checkDeadLetters(deadLetters.facts);
  // It is a database of the same server, which has a finding of its own.
  return [unchecked('dead-letters', `changes that could not be applied: ${deadLetters.why}`)];
}

function declaredBy(settings: LocalSettings, capturedTables: readonly CapturedTable[]) {
  return declaredTopics({ settings: settings.capture, capturedTables });
}

function judgeRegistry({ registry }: PipelineFacts): Finding[] {
  if (registry.reached) return checkContracts(registry.facts);
  return [
    problem(
      'registry',
      `The schema registry does not answer: ${registry.why}`,
      'make logs SERVICE=registry',
    ),
    unchecked('registry', 'contracts, compatibility'),
  ];
}

function unchecked(check: string, parts: string): Finding {
  return note(check, `Not checked: ${parts}.`);
}
