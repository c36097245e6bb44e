import { join } from 'node:path';
import { readIfPresent } from '../../files.ts';
import { type PortUse, portUses } from '../../ports.ts';
import { isAlive } from '../../processes/identity.ts';
import { isPortTaken, type PortOwner, portOwner } from '../../processes/port-owner.ts';
import type { LocalSettings } from '../../settings.ts';
import type { ChildSpec } from '../../supervisor/child-spec.ts';
import {
  type ChildState,
  readDesired,
  readState,
  type SupervisorState,
} from '../../supervisor/state.ts';

/** A port of the stack, and who listens on it. */
export type PortFacts = PortUse & { taken: boolean; owner: PortOwner | undefined };

/** A child as the state file has it, and whether exactly that process still runs. */
export type ChildFacts = ChildState & { alive: boolean };

/** What the state folder and the process table say of the local stack. */
export type StackFacts = {
  /** The state file's supervisor; undefined when there is no state file, as after `make stop`. */
  supervisor: (SupervisorState['supervisor'] & { alive: boolean }) | undefined;
  children: ChildFacts[];
  ports: PortFacts[];
  /** What the running processes were started with, as far as record sizes go; in bytes. */
  recordBytes: { worker: number | undefined; services: { name: string; bytes: number }[] };
  /** Milliseconds since the Unix epoch. */
  nowMs: number;
};

/** Whether the stack's supervisor runs, and with it there is something to examine. */
export function isUp(facts: StackFacts): boolean {
  return facts.supervisor?.alive ?? false;
}

export async function stackFacts(settings: LocalSettings): Promise<StackFacts> {
  const { stateDir } = settings;
  const state = readState(stateDir);
  return {
    supervisor: state && { ...state.supervisor, alive: isAlive(state.supervisor) },
    children: (state?.children ?? []).map((child) => ({
      ...child,
      alive: child.process !== undefined && isAlive(child.process),
    })),
    ports: await Promise.all(portUses(settings.ports).map(portFacts)),
    recordBytes: {
      worker: workerRecordBytes(stateDir),
      services: readDesired(stateDir).children.flatMap(serviceRecordBytes),
    },
    nowMs: Date.now(),
  };
}

async function portFacts(use: PortUse): Promise<PortFacts> {
  const taken = await isPortTaken(use.port);
  return { ...use, taken, owner: taken ? await portOwner(use.port) : undefined };
}

function workerRecordBytes(stateDir: string): number | undefined {
  const properties = readIfPresent(join(stateDir, 'connect', 'worker.properties'));
  return numberIn(/^producer\.max\.request\.size=(\d+)$/m.exec(properties ?? '')?.[1]);
}

function serviceRecordBytes({ name, env }: ChildSpec): { name: string; bytes: number }[] {
  const bytes = numberIn(env.MAX_RECORD_BYTES);
  return bytes === undefined ? [] : [{ name, bytes }];
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
