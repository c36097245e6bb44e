import { note, ok, problem } from '@shelfcast/service-kit/finding';
import type { ConnectorStatus } from '../connect-client.ts';
import { CONNECTOR } from '../context.ts';
import { explainFailure } from '../explain.ts';
import type { ConnectorConfig } from '../render.ts';
import type { SourceFinding } from './source-finding.ts';

/** How far the connector is, as far as other checks depend on it. */
export type ConnectorPresence = 'missing' | 'running' | 'not running' | 'unknown';

/** What Kafka Connect says of the connector. */
export interface ConnectorFacts {
  /** Undefined where there is none. */
  readonly connector:
    | {
        readonly config: ConnectorConfig;
        /** What the present version renders it from. */
        readonly template: ConnectorConfig;
        /** Undefined: no worker has it yet. */
        readonly status: ConnectorStatus | undefined;
        /** Where it goes on in the WAL; undefined: nothing is stored yet. */
        readonly storedLsn: bigint | undefined;
      }
    | undefined;
}

const REGISTER = 'make connector-register';
/** The most of a Java message that still reads as a line. */
const MAX_CAUSE_CHARS = 300;

export function presenceOf({ connector }: ConnectorFacts): ConnectorPresence {
  if (!connector) return 'missing';
  const { status } = connector;
  const states = [status?.connector.state, ...(status?.tasks ?? []).map(({ state }) => state)];
  return states.length > 1 && states.every((state) => state === 'RUNNING')
    ? 'running'
    : 'not running';
}

/** Whether the connector and its tasks run, and if not, why. */
export function checkConnector({ connector }: ConnectorFacts): SourceFinding[] {
  if (!connector) {
    return [
      problem('connector', `There is no connector ${CONNECTOR}: nothing is captured.`, REGISTER),
    ];
  }
  const { status } = connector;
  if (!status) {
    return [problem('connector', 'No worker has the connector yet.', 'make connector-restart')];
  }
  const { state, trace } = status.connector;
  if (state === 'PAUSED' || state === 'STOPPED') {
    const summary = `The connector is ${state}: no change is captured until it goes on.`;
    return [problem('connector', summary, 'make connector-resume')];
  }
  const failed = [
    ...(state === 'FAILED' ? [failure('The connector', trace)] : []),
    ...status.tasks
      .filter((task) => task.state === 'FAILED')
      .map((task) => failure(`The connector is ${state}, but its task ${task.id}`, task.trace)),
  ];
  if (failed.length > 0) return failed;
  if (status.tasks.length === 0) {
    return [
      problem('connector', `The connector is ${state} without a task.`, 'make connector-restart'),
    ];
  }
  const tasks = status.tasks.map((task) => `task ${task.id} ${task.state}`).join(', ');
  const summary = `Connector ${CONNECTOR} ${state}, ${tasks}`;
  return [
    presenceOf({ connector }) === 'running' ? ok('connector', summary) : note('connector', summary),
  ];
}

function failure(what: string, trace: string | undefined): SourceFinding {
  const { cause, meaning, remedy, needsResync } = explainFailure(trace ?? '');
  const short = cause.length > MAX_CAUSE_CHARS ? `${cause.slice(0, MAX_CAUSE_CHARS)}…` : cause;
  return problem(
    'connector',
    `${what} has FAILED. ${meaning ?? ''} Cause: ${short}`.replaceAll(/\s+/g, ' '),
    remedy ?? 'make connector-restart',
    needsResync ? { readAgain: 'all' } : {},
  );
}
