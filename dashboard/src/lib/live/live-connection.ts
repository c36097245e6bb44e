import type {
  ClientToServerEvents,
  LiveBatch,
  LiveFilter,
  LiveGap,
  LiveHealth,
  LiveSummary,
  ServerToClientEvents,
} from '@shelfcast/schemas/monitor/live';
import { io, type Socket } from 'socket.io-client';
import type { ConnectionEvent } from './connection-state.ts';

export interface LiveConnectionOptions {
  readonly token: () => string | null;
  readonly onConnection: (event: ConnectionEvent) => void;
  /** To be followed by `used` once the batch was. */
  readonly onBatch: (batch: LiveBatch) => void;
  readonly onGap: (gap: LiveGap) => void;
  readonly onSummary: (summary: LiveSummary) => void;
  readonly onHealth: (health: LiveHealth) => void;
}

export interface LiveConnection {
  /** Connects; again, with the present token, when it was refused. */
  open(): void;
  /** Asks for other reports, from now on. */
  subscribe(filter: LiveFilter): void;
  /** Says that so many more batches of this connection were used. */
  used(batches: number): void;
  close(): void;
}

/** Attempts to connect again come this often; each waits a little longer than the one before. */
const RETRY_MS = 500;
const RETRY_MAX_MS = 5_000;

/** The socket to the monitor: subscribes whenever it is connected, and goes on where it was. */
export function createLiveConnection(options: LiveConnectionOptions): LiveConnection {
  const { token, onConnection } = options;
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io({
    transports: ['websocket'],
    autoConnect: false,
    reconnectionDelay: RETRY_MS,
    reconnectionDelayMax: RETRY_MAX_MS,
    auth: (give) => give({ token: token() ?? undefined }),
  });
  let filter: LiveFilter = {};
  let cursor: string | null = null;
  let usedBatches = 0;
  /** Answers and batches of a subscription that was replaced meanwhile are not for the present one. */
  let subscription = 0;
  let isAnswered = false;

  function subscribe(): void {
    subscription += 1;
    isAnswered = false;
    const mine = subscription;
    socket.emit('subscribe', { filter, since: cursor }, (answer) => {
      if (mine !== subscription) return;
      if (!answer.ok) {
        // The cursor is of a topic that was recreated, or the filter was refused: subscribe from now on.
        if (cursor === null) return onConnection({ type: 'refused', reason: answer.detail });
        cursor = null;
        return subscribe();
      }
      isAnswered = true;
      cursor = answer.cursor;
      onConnection({ type: 'subscribed' });
    });
  }

  socket.on('connect', () => {
    usedBatches = 0;
    subscribe();
  });
  socket.on('events', (batch) => {
    // It counts as used at the monitor all the same, and the page has no use for it.
    if (!isAnswered) return used(1);
    cursor = batch.cursor;
    onConnection({ type: 'batch', catchingUp: batch.catchingUp });
    options.onBatch(batch);
  });
  socket.on('gap', options.onGap);
  socket.on('summary', options.onSummary);
  socket.on('health', options.onHealth);
  socket.on('disconnect', (reason) => {
    if (reason === 'io client disconnect') return;
    onConnection({ type: 'lost', atMs: Date.now() });
    // A monitor that stops says so, and socket.io does not come back by itself then.
    if (reason === 'io server disconnect') socket.connect();
  });
  socket.on('connect_error', (error) => {
    // `active`: it tries again by itself. Otherwise the monitor has answered, and does not want us.
    if (socket.active) onConnection({ type: 'lost', atMs: Date.now() });
    else onConnection({ type: 'refused', reason: error.message });
  });

  function used(batches: number): void {
    usedBatches += batches;
    if (socket.connected) socket.emit('received', usedBatches);
  }

  return {
    open() {
      onConnection({ type: 'retrying' });
      socket.connect();
    },
    subscribe(wanted) {
      filter = wanted;
      cursor = null;
      if (socket.connected) subscribe();
    },
    used,
    close: () => void socket.close(),
  };
}
