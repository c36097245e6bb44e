import type { ConnectClient, ConnectorStatus } from '@shelfcast/connect-config/connect-client';
import { explainFailure } from '@shelfcast/connect-config/explain';

/** A connector as the API shows it. */
export interface ConnectorState {
  readonly name: string;
  /** UNASSIGNED while no worker has it yet. */
  readonly state: string;
  readonly failure: Failure | null;
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly worker: string;
    readonly failure: Failure | null;
  }[];
}

export interface Failure {
  readonly cause: string;
  readonly meaning: string | null;
  readonly remedy: string | null;
  /** Changes are missing: no restart mends it. */
  readonly needsResync: boolean;
}

/** Every connector with its tasks. @throws ConnectError */
export async function readConnectors(client: ConnectClient): Promise<ConnectorState[]> {
  const names = await client.connectors();
  return await Promise.all(
    names.sort().map(async (name) => describeConnector(name, await client.status(name))),
  );
}

export function describeConnector(
  name: string,
  status: ConnectorStatus | undefined,
): ConnectorState {
  if (status === undefined) return { name, state: 'UNASSIGNED', failure: null, tasks: [] };
  const { connector, tasks } = status;
  return {
    name,
    state: connector.state,
    failure: failureOf(connector),
    tasks: tasks.map((task) => ({
      id: task.id,
      state: task.state,
      worker: task.worker_id,
      failure: failureOf(task),
    })),
  };
}

/** The failures of a connector and its tasks. */
export function failuresOf({ failure, tasks }: ConnectorState): Failure[] {
  return [failure, ...tasks.map((task) => task.failure)].filter((one) => one !== null);
}

function failureOf({
  state,
  trace,
}: {
  state: string;
  trace?: string | undefined;
}): Failure | null {
  if (state !== 'FAILED') return null;
  const { cause, meaning, remedy, needsResync } = explainFailure(trace ?? '');
  return { cause, meaning: meaning ?? null, remedy: remedy ?? null, needsResync };
}
