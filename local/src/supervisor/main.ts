import { existsSync } from 'node:fs';
import { identify } from '../processes/identity.ts';
import { RESTART_POLICY } from './backoff.ts';
import { Child } from './child.ts';
import { readDesired, runFiles, writeState } from './state.ts';

/**
 * The process that owns a stack's children: started detached by `make start`, one per state folder (its argument).
 * It keeps running what `desired.json` lists, says so in `state.json`, reads the list again on SIGHUP (and restarts
 * what is described otherwise now), and ends everything in reverse order on SIGTERM.
 */
const stateDir = process.argv[2];
if (!stateDir) throw new Error('usage: supervisor <state folder>');
const self = identify(process.pid);
if (!self) throw new Error('this process cannot see itself in the process table');

const children: Child[] = [];
let stopping = false;
/** By group: numbered children, the brokers, are restarted one after the other rather than all at once. */
const restarts = new Map<string, Promise<void>>();

function record(): void {
  // The folder is gone when someone deleted it under a running stack; ending the children is all that is left to do.
  if (!existsSync(runFiles(stateFolder).folder)) return;
  writeState(stateFolder, {
    supervisor: owner,
    ...(stopping ? { stopping } : {}),
    children: children.map((child) => child.state),
  });
}

function reconcile(): void {
  if (stopping) return;
  for (const spec of readDesired(stateFolder).children) {
    const known = children.find((child) => child.spec.name === spec.name);
    if (known) {
      known.spec = spec;
      const group = spec.name.replace(/-\d+$/, '');
      const before = restarts.get(group) ?? Promise.resolve();
      restarts.set(
        group,
        before.then(() => restartIfOutdated(known)),
      );
    } else {
      const child = new Child(spec, { policy: RESTART_POLICY, changed: record });
      children.push(child);
      child.start();
    }
  }
  record();
}

async function restartIfOutdated(child: Child): Promise<void> {
  if (stopping || !child.isOutdated) return;
  await child.restart({ mayStart: () => !stopping });
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  record();
  for (const child of children.toReversed()) await child.stop();
  process.exit(0);
}

const stateFolder = stateDir;
const owner = self;
process.on('SIGHUP', reconcile);
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
// Holds the process while no child runs yet.
setInterval(() => {}, 2 ** 30);
reconcile();
