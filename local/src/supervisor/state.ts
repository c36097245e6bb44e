import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfPresent, writeFileAtomically } from '../files.ts';
import { type DesiredState, desiredState } from './child-spec.ts';

const identity = z.object({ pid: z.number(), startedAt: z.string() });

const exit = z.object({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  at: z.string(),
});

/** One child as the supervisor last saw it. */
export const childState = z.object({
  name: z.string(),
  status: z.enum(['running', 'restarting', 'stopping', 'stopped']),
  /** The running process; absent while there is none. */
  process: identity.optional(),
  /** When the running process was started, ISO 8601. */
  since: z.string(),
  /** How often it has been brought back since it was first started. */
  restarts: z.number(),
  lastExit: exit.optional(),
  /** `fingerprint` of the description its latest process was started with. */
  startedWith: z.string().optional(),
  logFile: z.string(),
});

export type ChildState = z.infer<typeof childState>;

/** `run/state.json`: written by the supervisor alone, read by everyone. */
export const supervisorState = z.object({
  supervisor: identity,
  /** It ends everything and takes no more children. */
  stopping: z.boolean().optional(),
  children: z.array(childState),
});

export type SupervisorState = z.infer<typeof supervisorState>;

/** The files through which commands and the supervisor of one stack speak. */
export function runFiles(stateDir: string) {
  const folder = join(stateDir, 'run');
  return {
    folder,
    lock: join(folder, 'lock'),
    desired: join(folder, 'desired.json'),
    state: join(folder, 'state.json'),
    stack: join(folder, 'stack.json'),
  };
}

/** The supervisor's last word; undefined when there is none, or none that can be read. */
export function readState(stateDir: string): SupervisorState | undefined {
  return parseJson(readIfPresent(runFiles(stateDir).state), supervisorState);
}

export function writeState(stateDir: string, state: SupervisorState): void {
  mkdirSync(runFiles(stateDir).folder, { recursive: true });
  writeFileAtomically(runFiles(stateDir).state, JSON.stringify(state, null, 2));
}

export function readDesired(stateDir: string): DesiredState {
  return parseJson(readIfPresent(runFiles(stateDir).desired), desiredState) ?? { children: [] };
}

export function writeDesired(stateDir: string, desired: DesiredState): void {
  mkdirSync(runFiles(stateDir).folder, { recursive: true });
  writeFileAtomically(runFiles(stateDir).desired, JSON.stringify(desired, null, 2));
}

/** A file that is damaged counts as absent: what it described is found again or started again. */
function parseJson<T>(text: string | undefined, shape: z.ZodType<T>): T | undefined {
  if (text === undefined) return undefined;
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
