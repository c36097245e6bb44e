import type { Socket } from 'socket.io';

/** A client's connection, below the namespaces. */
export type Connection = Socket['conn'];

/** What waits in this process for one connection to take it. */
export interface Outgoing {
  /** Whether so little waits that more may be sent. */
  hasRoom(): boolean;
}

/** What waits for all connections of this process together. */
export interface OutgoingTotal {
  bytes: number;
}

export interface OutgoingOptions {
  readonly total: OutgoingTotal;
  /** Something has left. */
  readonly onRoom: () => void;
}

/** Sixteen batches of the usual size: a burst does not make a client slow that reads. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Above it nothing more is sent to a connection that has anything waiting. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
/** Above it the connection is not read: what it says would be answered, and add to what waits. */
const MAX_WAITING_WHILE_READING = 64 * 1024;
/** What a packet takes beside its text. */
const PACKET_BYTES = 256;
const LINGER_MS = 1_000;

/**
 * Counts what was sent to a connection and has not left this process, and leaves off reading from it as long as that is
 * much. A client that never reads can so make it keep little, even if it claims to have received all: its pongs are not
 * read either, and it is cut when one is late.
 *
 *     packetCreate ──► waiting ──flush──► handed to the socket ──transport's drain──► the system has it
 */
export function watchOutgoing(conn: Connection, { total, onRoom }: OutgoingOptions): Outgoing {
  const { socket } = conn.request;
  let waiting = 0;
  let handed = 0;
  const leave = (bytes: number): void => {
    waiting -= bytes;
    total.bytes -= bytes;
  };
  // Pongs are written past engine.io.
  const bytes = (): number => Math.max(waiting, socket.writableLength);

  conn.on('packetCreate', ({ data }: { readonly data?: unknown }) => {
    const size = PACKET_BYTES + (typeof data === 'string' ? data.length : 0);
    waiting += size;
    total.bytes += size;
  });
  conn.on('flush', () => {
    handed = waiting;
  });
  conn.transport.on('drain', () => {
    leave(handed);
    handed = 0;
    onRoom();
  });
  socket.on('data', () => {
    if (bytes() > MAX_WAITING_WHILE_READING) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  conn.once('close', () => {
    leave(waiting);
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
  return {
    hasRoom: () => bytes() < MAX_WAITING_BYTES && (waiting === 0 || total.bytes < MAX_TOTAL_BYTES),
  };
}

/** Ends a connection at once, without waiting for what has not left. */
export function cut(conn: Connection): void {
  conn.close(true);
  conn.request.socket.destroy();
}
