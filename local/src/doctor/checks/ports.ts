import { type Finding, orOk, problem } from '@shelfcast/service-kit/finding';
import type { PortFacts, StackFacts } from '../facts/stack.ts';

/** Far enough to be out of the way of the process on the old port. */
const MOVE_BY = 1_000;

/** Whether no other program listens where the stack does or will. A port held by our own process is fine. */
export function checkPorts({ ports, children }: StackFacts): Finding[] {
  const ours = new Set(children.flatMap((child) => (child.alive ? child.process?.pid : []) ?? []));
  const components = new Set(children.filter(({ alive }) => alive).map(({ name }) => name));
  const isOurs = ({ owner, component }: PortFacts) =>
    // A process of another user (make start ran as root) does not show: then its being alive has to do.
    owner ? ours.has(owner.pid) : components.has(component);
  const taken = ports.filter((port) => port.taken && !isOurs(port)).map(takenPort);
  const numbers = ports.map(({ port }) => port).sort((a, b) => a - b);
  const free = ports.every((port) => !port.taken);
  return orOk(
    'port',
    taken,
    `Ports ${numbers.join(', ')} are ${free ? 'free' : 'free or held by the stack itself'}`,
  );
}

function takenPort({ port, use, setting, owner }: PortFacts): Finding {
  const who = owner ? `pid ${owner.pid} (${owner.command})` : 'a process of another user';
  const end = owner ? `; or end the other: kill ${owner.pid}` : '';
  return problem(
    'port',
    `Port ${port} for ${use} is taken by ${who}; ${setting} moves it, PORT_OFFSET moves all.`,
    `${setting}=${port + MOVE_BY} make start   # or put it in .env${end}`,
  );
}
