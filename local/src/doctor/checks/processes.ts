import { few } from '@shelfcast/connect-config/health/remedies';
import { type Finding, note, orOk, problem } from '@shelfcast/service-kit/finding';
import { type ChildFacts, isUp, type StackFacts } from '../facts/stack.ts';

/** A component with this many restarts, the last of them this short ago, does not stay up. */
const MANY_RESTARTS = 3;
const RECENT_MS = 2 * 60_000;

const START_AFRESH = 'make stop && make start';

/** Whether the stack's processes are those its state file names, and stay up. */
export function checkProcesses(facts: StackFacts): Finding[] {
  if (!facts.supervisor) {
    return [note('stack', 'The stack is down: nothing runs from this folder.', 'make start')];
  }
  if (!isUp(facts)) return leftBehind(facts);
  const unsound = [
    ...facts.children.flatMap((child) => checkChild(child, facts.nowMs)),
    ...notStarted(facts),
  ];
  const names = facts.children.map((child) => child.name);
  return [
    ...orOk('stale-pid', staleChildren(facts), 'The state file names the processes that run'),
    ...orOk('component', unsound, `Running: ${names.join(', ')}`),
  ];
}

/** The supervisor ended without having ended the stack: it was killed, or the machine went down. */
function leftBehind(facts: StackFacts): Finding[] {
  const orphans = facts.children
    .filter((child) => child.alive)
    .map((child) => `${child.name} (pid ${child.process?.pid})`);
  return [
    problem(
      'stale-pid',
      `The state file names a supervisor (pid ${facts.supervisor?.pid}) that has ended: it was killed, or the machine went down.`,
      START_AFRESH,
    ),
    ...staleChildren(facts),
    ...(orphans.length === 0
      ? []
      : [problem('orphan', `No supervisor looks after ${few(orphans)} any more.`, START_AFRESH)]),
  ];
}

function staleChildren({ children }: StackFacts): Finding[] {
  return children
    .filter((child) => child.process && !child.alive)
    .map(({ name, process }) =>
      problem(
        'stale-pid',
        `The state file gives ${name} pid ${process?.pid}, which has ended or is another process by now.`,
        START_AFRESH,
      ),
    );
}

function checkChild(child: ChildFacts, nowMs: number): Finding[] {
  const { name, status, restarts, lastExit, since } = child;
  const logs = `make logs SERVICE=${name}`;
  const exit = lastExit
    ? ` The last exit was by ${lastExit.signal ?? `code ${lastExit.code}`} at ${lastExit.at}.`
    : '';
  if (status === 'stopping' || status === 'stopped') {
    return [problem('component', `${name} is ${status}.${exit}`, START_AFRESH)];
  }
  const recently = status === 'restarting' || nowMs - Date.parse(since) < RECENT_MS;
  if (restarts >= MANY_RESTARTS && recently) {
    const summary = `${name} starts again and again: ${restarts} restarts.${exit}`;
    return [problem('component', summary, logs)];
  }
  if (status === 'restarting') {
    return [problem('component', `${name} is down and about to be started again.${exit}`, logs)];
  }
  if (restarts === 0) return [];
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  return [note('component', `${name} runs, and was restarted ${times}.${exit}`, logs)];
}

/** Components that own a port and were never given to the supervisor, as after a start that failed half-way. */
function notStarted({ children, ports }: StackFacts): Finding[] {
  const known = new Set(children.map((child) => child.name));
  const missing = new Set(ports.map((port) => port.component).filter((name) => !known.has(name)));
  return [...missing].map((name) =>
    problem('component', `${name} was not started with the others.`, 'make start'),
  );
}
