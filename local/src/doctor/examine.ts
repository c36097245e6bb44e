import { checkConnector, presenceOf } from '@shelfcast/connect-config/health/check-connector';
import { checkSlot } from '@shelfcast/connect-config/health/check-slot';
import {
  type Finding,
  type FindingGroup,
  type Gathered,
  note,
  problem,
} from '@shelfcast/connect-config/health/finding';
import { epochOf, renderConnector } from '@shelfcast/connect-config/render';
import { loadTemplate } from '@shelfcast/connect-config/template';
import { declaredTopics } from '@shelfcast/connect-config/topics';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { databaseUrl } from '../components/databases.ts';
import { confluentUrl } from '../components/registry.ts';
import type { LocalSettings } from '../settings.ts';
import { checkConfig, checkIncludeList } from './checks/connector.ts';
import { checkContracts } from './checks/contracts.ts';
import { checkDeadLetters } from './checks/dead-letters.ts';
import { checkGroup } from './checks/groups.ts';
import { checkMachine } from './checks/machine.ts';
import { checkPorts } from './checks/ports.ts';
import { checkProcesses } from './checks/processes.ts';
import { checkPublication, checkPublished } from './checks/publication.ts';
import { checkLargestRow, checkRecordSizes } from './checks/record-size.ts';
import { checkServer } from './checks/server.ts';
import { checkTables } from './checks/tables.ts';
import { checkTopics } from './checks/topics.ts';
import { type ConnectFacts, connectFacts } from './facts/connect.ts';
import { type DeadLetterFacts, deadLetterFacts } from './facts/dead-letters.ts';
import { gather } from './facts/gather.ts';
import { type KafkaFacts, kafkaFacts } from './facts/kafka.ts';
import { machineFacts } from './facts/machine.ts';
import { type CaptureFacts, type PostgresFacts, postgresFacts } from './facts/postgres.ts';
import { type RegistryFacts, registryFacts } from './facts/registry.ts';
import { isUp, type StackFacts, stackFacts } from './facts/stack.ts';

/** What the whole pipeline told. */
export type PipelineFacts = {
  settings: LocalSettings;
  stack: StackFacts;
  postgres: Gathered<PostgresFacts>;
  kafka: Gathered<KafkaFacts>;
  connect: Gathered<ConnectFacts>;
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

/** Asks each source once. Postgres comes first: what is captured decides what the others are asked. */
async function pipelineFacts(settings: LocalSettings, stack: StackFacts): Promise<PipelineFacts> {
  const { ports } = settings;
  const postgres = await gather(() => postgresFacts(databaseUrl(settings, 'products')));
  const captured = captureOf(postgres)?.capturedTables ?? [];
  const listening = (port: number) => stack.ports.some((use) => use.port === port && use.taken);
  const [kafka, connect, registry, deadLetters] = await Promise.all([
    gather(() => {
      // Its client would try for a while.
      if (!ports.kafka.some(listening))
        throw new Error(`nothing listens on port ${ports.kafka[0]}`);
      return kafkaFacts({
        bootstrapServers: ports.kafka.map((port) => `127.0.0.1:${port}`),
        declared: declaredBy(settings, captured),
        groups: settings.capture.consumerGroups,
      });
    }, 30_000),
    gather(() => connectFacts(`http://127.0.0.1:${ports.connect}`)),
    gather(() =>
      registryFacts(
        confluentUrl(ports.registry),
        captured.map((table) => cdcTopic({ prefix: settings.capture.topicPrefix, ...table })),
      ),
    ),
    gather(() => deadLetterFacts(databaseUrl(settings, 'consumers'))),
  ]);
  return { settings, stack, postgres, kafka, connect, registry, deadLetters };
}

/** All judgements about a pipeline; pure. */
export function judgePipeline(facts: PipelineFacts): FindingGroup[] {
  return [
    { title: 'Postgres', findings: judgePostgres(facts) },
    { title: 'Kafka', findings: judgeKafka(facts) },
    { title: 'Connector', findings: judgeConnect(facts) },
    { title: 'Schema registry', findings: judgeRegistry(facts) },
    { title: 'Record size', findings: judgeRecordSizes(facts) },
    { title: 'Consumers', findings: judgeConsumers(facts) },
  ];
}

function judgePostgres({ postgres, connect }: PipelineFacts): Finding[] {
  if (!postgres.reached) {
    return unreached('postgres', {
      source: 'Postgres',
      why: postgres.why,
      unchecked: 'settings, slot, publication, captured tables',
    });
  }
  const { capture } = postgres.facts;
  if (!capture) {
    const says = 'The products database is not migrated: no tables, no publication.';
    return [...checkServer(postgres.facts), problem('migration', says, 'make start')];
  }
  return [
    ...checkServer(postgres.facts),
    ...checkPublication(capture),
    ...checkSlot(capture, connect.reached ? presenceOf(connect.facts) : 'unknown'),
    ...checkPublished(capture),
    ...checkTables(capture),
  ];
}

function judgeKafka({ settings, postgres, kafka }: PipelineFacts): Finding[] {
  if (!kafka.reached) {
    return unreached('kafka', {
      source: 'Kafka',
      why: kafka.why,
      unchecked: 'brokers, topics, consumer groups',
    });
  }
  const capture = captureOf(postgres);
  return [
    ...checkTopics(kafka.facts, declaredBy(settings, capture?.capturedTables ?? [])),
    ...(capture ? [] : [unchecked('topic', 'topics of captured tables, as Postgres was not read')]),
    ...kafka.facts.groups.map(checkGroup),
  ];
}

function judgeConnect({ settings, postgres, connect }: PipelineFacts): Finding[] {
  if (!connect.reached) {
    return unreached('connect', {
      source: 'Kafka Connect',
      why: connect.why,
      unchecked: 'connector, task, configuration',
    });
  }
  const state = checkConnector(connect.facts);
  const config = connect.facts.connector?.config;
  const captured = captureOf(postgres)?.capturedTables;
  if (!config) return state;
  if (!captured || captured.length === 0) {
    return [
      ...state,
      unchecked('connector-config', 'its configuration, as no captured tables are known'),
    ];
  }
  const wanted = renderConnector({
    template: loadTemplate(),
    capturedTables: captured,
    epoch: epochOf(config) ?? 0n,
    settings: settings.capture,
  });
  return [...state, ...checkIncludeList(config, captured), checkConfig(config, wanted)];
}

function judgeRegistry({ registry }: PipelineFacts): Finding[] {
  if (registry.reached) return checkContracts(registry.facts);
  return unreached('registry', {
    source: 'The schema registry',
    why: registry.why,
    unchecked: 'contracts, compatibility',
  });
}

function judgeRecordSizes({ settings, stack, postgres, kafka, connect }: PipelineFacts): Finding[] {
  const limitBytes = settings.capture.maxRecordBytes;
  const capture = captureOf(postgres);
  return [
    ...checkRecordSizes({
      limitBytes,
      recordBytes: stack.recordBytes,
      kafka: kafka.reached ? kafka.facts : undefined,
      connectorConfig: connect.reached ? connect.facts.connector?.config : undefined,
    }),
    ...(capture ? [checkLargestRow(capture.tables, limitBytes)] : []),
  ];
}

function judgeConsumers({ deadLetters }: PipelineFacts): Finding[] {
  if (deadLetters.reached) return checkDeadLetters(deadLetters.facts);
  // It is a database of the same server, which has a finding of its own.
  return [unchecked('dead-letters', `changes that could not be applied: ${deadLetters.why}`)];
}

function captureOf(postgres: Gathered<PostgresFacts>): CaptureFacts | undefined {
  return postgres.reached ? postgres.facts.capture : undefined;
}

function declaredBy(settings: LocalSettings, capturedTables: CaptureFacts['capturedTables']) {
  return declaredTopics({ settings: settings.capture, capturedTables });
}

/** One finding for a source that is down, and what nobody could look at because of it. */
function unreached(
  component: string,
  { source, why, unchecked: parts }: { source: string; why: string; unchecked: string },
): Finding[] {
  return [
    problem(component, `${source} does not answer: ${why}`, `make logs SERVICE=${component}`),
    unchecked(component, parts),
  ];
}

function unchecked(check: string, parts: string): Finding {
  return note(check, `Not checked: ${parts}.`);
}
