import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectClient, ConnectorStatus } from './connect-client.ts';
import { OperationError } from './connect-error.ts';
import { explainFailure, formatFailure } from './explain.ts';

interface WaitOptions {
  readonly client: Pick<ConnectClient, 'status'>;
  readonly connector: string;
  /** Default 60,000 ms. */
  readonly timeoutMs?: number;
  /** How long RUNNING has to last before it counts; default 600 ms. */
  readonly runningForMs?: number;
  /** What holds the start up, in words; that time does not count. Undefined: nothing that is known. */
  readonly heldUpBy?: () => Promise<string | undefined>;
  /** Told every ten seconds what holds it up. */
  readonly log?: (message: string) => void;
}

const POLL_MS = 200;
const ASK_MS = 2_000;
const TELL_MS = 10_000;

/** A task that was just restarted may show its old failure for a moment. */
const FAILED_FOR_MS = 2_000;

/** Some failures come right after the start: RUNNING has to last before it counts. */
const RUNNING_FOR_MS = 600;

/** A task that failed at a change meets it again only when it has connected and read on from its offset. */
export const RUNNING_FOR_AFTER_FAILURE_MS = 5_000;

/**
 * Waits until the connector and all of its tasks, at least one, are RUNNING.
 *
 * @throws OperationError `CONNECTOR_FAILED` with the failure explained, or `CONNECTOR_TIMEOUT`
 */
export async function waitUntilRunning({
  client,
  connector,
  timeoutMs = 60_000,
  runningForMs = RUNNING_FOR_MS,
  heldUpBy = async () => undefined,
  log = () => {},
}: WaitOptions): Promise<void> {
  let deadline = performance.now() + timeoutMs;
  let askedAt = performance.now();
  let toldAt = Number.NEGATIVE_INFINITY;
  let runningSince: number | undefined;
  let failedSince: number | undefined;
  for (;;) {
    const status = await client.status(connector);
    const now = performance.now();
    const failure = status === undefined ? undefined : failureOf(status);
    failedSince = failure === undefined ? undefined : (failedSince ?? now);
    runningSince = status !== undefined && isRunning(status) ? (runningSince ?? now) : undefined;
    if (runningSince !== undefined && now - runningSince >= runningForMs) return;
    if (failure !== undefined && failedSince !== undefined && now - failedSince >= FAILED_FOR_MS) {
      throw new OperationError('CONNECTOR_FAILED', failure);
    }
    if (now - askedAt >= ASK_MS) {
      const reason = await heldUpBy();
      if (reason !== undefined) deadline += now - askedAt;
      if (reason !== undefined && now - toldAt >= TELL_MS) {
        log(reason);
        toldAt = now;
      }
      askedAt = now;
    }
    if (now > deadline) throw timedOut(connector, { until: 'RUNNING', timeoutMs, status });
    await sleep(POLL_MS);
  }
}

/** Waits until a connector is stopped and has no task left. */
export async function waitUntilStopped({
  client,
  connector,
  timeoutMs = 60_000,
}: WaitOptions): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = await client.status(connector);
    if (status?.connector.state === 'STOPPED' && status.tasks.length === 0) return;
    if (performance.now() > deadline) {
      throw timedOut(connector, { until: 'STOPPED', timeoutMs, status });
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits until everything below a position of the WAL is in Kafka, as the stored offset tells; it is at most a heartbeat
 * and a flush old. A connector that runs and is far behind is not waited for beyond the time limit.
 *
 * @returns whether it has come that far
 * @throws OperationError `CONNECTOR_FAILED` with the failure explained
 */
export async function waitUntilRead({
  client,
  connector,
  lsn,
  timeoutMs = 60_000,
}: Omit<WaitOptions, 'client'> & {
  readonly client: Pick<ConnectClient, 'status' | 'offsets'>;
  readonly lsn: bigint;
}): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  let failedSince: number | undefined;
  for (;;) {
    const [stored] = await client.offsets(connector);
    const reached = stored?.offset?.lsn;
    if (typeof reached === 'number' && BigInt(reached) >= lsn) return true;
    const status = await client.status(connector);
    const failure = status === undefined ? undefined : failureOf(status);
    const now = performance.now();
    failedSince = failure === undefined ? undefined : (failedSince ?? now);
    if (failure !== undefined && failedSince !== undefined && now - failedSince >= FAILED_FOR_MS) {
      throw new OperationError('CONNECTOR_FAILED', failure);
    }
    if (now > deadline) return false;
    await sleep(POLL_MS);
  }
}

/** Whether the connector and all of its tasks, at least one, are RUNNING. */
export function isRunning({ connector, tasks }: ConnectorStatus): boolean {
  return (
    connector.state === 'RUNNING' &&
    tasks.length > 0 &&
    tasks.every(({ state }) => state === 'RUNNING')
  );
}

/** The first failure of the connector or a task, explained; undefined when nothing failed. */
export function failureOf(status: ConnectorStatus): string | undefined {
  const failed = failedPart(status);
  return failed && `${failed.what} failed. ${formatFailure(explainFailure(failed.trace))}`;
}

/** Whether the connector or a task failed in a way that only a resync mends. */
export function needsResync(status: ConnectorStatus): boolean {
  const failed = failedPart(status);
  return failed !== undefined && explainFailure(failed.trace).needsResync;
}

function failedPart({
  connector,
  tasks,
}: ConnectorStatus): { readonly what: string; readonly trace: string } | undefined {
  if (connector.state === 'FAILED') return { what: 'The connector', trace: connector.trace ?? '' };
  const task = tasks.find(({ state }) => state === 'FAILED');
  return task && { what: `Task ${task.id}`, trace: task.trace ?? '' };
}

/** What to do about a connector that was paused or stopped; undefined for others. */
export function haltOf({ connector: { state } }: ConnectorStatus): string | undefined {
  if (state !== 'PAUSED' && state !== 'STOPPED') return undefined;
  return `The connector is ${state}, and Postgres keeps the WAL for it: make connector-resume goes on.`;
}

/** `connector RUNNING, task 0 FAILED`. */
export function describeStates({ connector, tasks }: ConnectorStatus): string {
  return [
    `connector ${connector.state}`,
    ...tasks.map(({ id, state }) => `task ${id} ${state}`),
  ].join(', ');
}

function timedOut(
  connector: string,
  {
    until,
    timeoutMs,
    status,
  }: {
    readonly until: string;
    readonly timeoutMs: number;
    readonly status: ConnectorStatus | undefined;
  },
): OperationError {
  const states = status === undefined ? 'no worker has it yet' : describeStates(status);
  return new OperationError(
    'CONNECTOR_TIMEOUT',
    `${connector} was not ${until} within ${timeoutMs / 1000} s: ${states}.`,
    { retriable: true },
  );
}
