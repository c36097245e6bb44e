import { type Connection, cut, type Outgoing, watchOutgoing } from './outgoing.ts';
import type { LiveServer } from './relay.ts';

export interface ConnectionsOptions {
  /** Something that waited for a connection has left. */
  readonly onRoom: (conn: Connection) => void;
}

export interface Connections {
  outgoingOf(conn: Connection): Outgoing;
  /** It has shown who it is, and does not have to any more. */
  admit(conn: Connection): void;
  /** Its authentication has ended: it has to show who it is again, or is cut. */
  dismiss(conn: Connection): void;
}

/** Connections that have not shown who they are: when there are more, the oldest goes. They take no client's place. */
const MAX_WAITING = 1_000;
const WAITING_MS = 3_000;
/** A client says that it has used a batch, and pongs. */
const MAX_PACKETS_PER_SECOND = 1_000;
const EVERYTHING: Outgoing = { hasRoom: () => true };

/** Watches the connections of a server that is attached, from their handshake on. */
export function watchConnections(io: LiveServer, { onRoom }: ConnectionsOptions): Connections {
  const total = { bytes: 0 };
  const outgoing = new WeakMap<Connection, Outgoing>();
  const waiting = new Map<Connection, NodeJS.Timeout>();

  function admit(conn: Connection): void {
    clearTimeout(waiting.get(conn));
    waiting.delete(conn);
  }
  function dismiss(conn: Connection): void {
    if (conn.readyState !== 'open') return;
    admit(conn);
    waiting.set(
      conn,
      setTimeout(() => cut(conn), WAITING_MS),
    );
    const [oldest] = waiting.keys();
    if (waiting.size > MAX_WAITING && oldest !== undefined) cut(oldest);
  }

  io.engine.on('connection', (conn: Connection) => {
    outgoing.set(conn, watchOutgoing(conn, { total, onRoom: () => onRoom(conn) }));
    limitPackets(conn);
    conn.once('close', () => admit(conn));
    dismiss(conn);
  });
  return { outgoingOf: (conn) => outgoing.get(conn) ?? EVERYTHING, admit, dismiss };
}

function limitPackets(conn: Connection): void {
  let second = 0;
  let packets = 0;
  conn.on('packet', () => {
    const now = Math.floor(performance.now() / 1_000);
    packets = now === second ? packets + 1 : 1;
    second = now;
    if (packets > MAX_PACKETS_PER_SECOND) cut(conn);
  });
}
