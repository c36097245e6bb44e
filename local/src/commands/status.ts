import { longDuration } from '@shelfcast/service-kit/format';
import { printable } from '@shelfcast/service-kit/process/print';
import Table from 'cli-table3';
import { connectUrl } from '../components/connect.ts';
import { measureUsage, type Usage } from '../processes/usage.ts';
import { recallStack } from '../start/remember.ts';
import { liveState } from '../supervisor/client.ts';
import type { ChildState } from '../supervisor/state.ts';
import { memory, share } from '../view/format.ts';
import { connectorLines } from './connectors.ts';

/** How long processor time is measured. */
const WINDOW_MS = 1_500;

/** Where Connect is, of a stack that was started. */
function connectAddress(stateDir: string): string | undefined {
  const known = recallStack(stateDir);
  return known === undefined ? undefined : connectUrl({ stateDir, ports: known.ports });
}

/** `make status`: what runs, for how long, at what price. True when all of it runs. */
export async function status(stateDir: string, write: (text: string) => void): Promise<boolean> {
  const state = liveState(stateDir);
  if (!state) {
    write('Nothing runs here. "make start" starts it.\n');
    return false;
  }
  const pids = [
    state.supervisor.pid,
    ...state.children.flatMap((child) => child.process?.pid ?? []),
  ];
  const [usage, connectors] = await Promise.all([
    measureUsage(pids, WINDOW_MS),
    connectorLines(connectAddress(stateDir)),
  ]);
  const now = Date.now();
  const table = new Table({
    head: ['component', 'state', 'pid', 'up for', 'restarts', 'memory', 'CPU'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const child of state.children) table.push(childRow(child, usage, now));
  table.push([
    'supervisor',
    'running',
    `${state.supervisor.pid}`,
    '',
    '',
    ...figures(usage.get(state.supervisor.pid)),
  ]);
  write(`${table}\n`);
  for (const child of state.children) write(history(child));
  const all = [...usage.values()];
  const memoryBytes = all.reduce((sum, one) => sum + one.memoryBytes, 0);
  const cores = all.reduce((sum, one) => sum + one.cores, 0);
  write(
    `All together: ${memory(memoryBytes)}, ${share(cores)} of one core (over ${WINDOW_MS / 1000} s)\n`,
  );
  for (const line of connectors.lines) write(`${printable(line)}\n`);
  return state.children.every((child) => child.status === 'running') && connectors.sound;
}

function childRow(child: ChildState, usage: Map<number, Usage>, now: number): string[] {
  const pid = child.process?.pid;
  return [
    child.name,
    child.status,
    pid === undefined ? '–' : `${pid}`,
    pid === undefined ? '–' : longDuration(now - Date.parse(child.since)),
    `${child.restarts}`,
    ...figures(pid === undefined ? undefined : usage.get(pid)),
  ];
}

function figures(usage: Usage | undefined): [string, string] {
  return usage ? [memory(usage.memoryBytes), share(usage.cores)] : ['–', '–'];
}

/** What there is to say about a component that died before. */
function history(child: ChildState): string {
  const { restarts, lastExit } = child;
  if (!lastExit) return '';
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  const how = lastExit.signal ? `signal ${lastExit.signal}` : `exit code ${lastExit.code}`;
  return `${child.name}: restarted ${times}, last exit by ${how} at ${lastExit.at} (make logs SERVICE=${child.name})\n`;
}
