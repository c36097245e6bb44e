import type { Server as HttpServer } from 'node:http';
import type { Codec } from '@shelfcast/schemas/codec';
import type {
  ClientToServerEvents,
  LiveEvent,
  LiveHealth,
  LiveSummary,
  ServerToClientEvents,
} from '@shelfcast/schemas/monitor/live';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { isOriginAllowed } from '@shelfcast/service-kit/auth/origin';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { Server } from 'socket.io';
import { authenticateSocket } from './authenticate-socket.ts';
import { createCatchUps } from './catch-ups.ts';
import { createChannels } from './channels.ts';
import { type Connections, watchConnections } from './connections.ts';
import { createCounts } from './counts.ts';
import { createFlow, type Flow } from './flow.ts';
import type { RelayMetrics } from './metrics.ts';
import type { Connection } from './outgoing.ts';
import { serveSocket } from './serve-socket.ts';
import { startTail } from './tail.ts';

export interface RelayOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  /** Topic of the reports. */
  readonly topic: string;
  readonly authorizer: Pick<Authorizer, 'identify' | 'isOpen'>;
  /** Origins of pages that may connect, besides this address's own. */
  readonly allowedOrigins: readonly string[];
  /** Sees every report that goes by. */
  readonly onEvents: (events: readonly LiveEvent[]) => void;
  /** What is not well, whole; undefined while that is not known. */
  readonly health: () => LiveHealth | undefined;
  readonly metrics: RelayMetrics;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly limits: {
    readonly clients: number;
    /** Reports kept in memory for those who were away for a moment. */
    readonly recentReports: number;
  };
}

export interface Relay {
  /** What went by in the last ten seconds. */
  summary(): LiveSummary;
  /** Why it is not ready. */
  notReady(): string | undefined;
  /** Serves sockets on this server, under /socket.io. */
  attach(server: HttpServer): void;
  stop(): Promise<void>;
}

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents>;

const SUMMARY_INTERVAL_MS = 1_000;
/** A subscription is the most that a client has to say. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/**
 * Tells browsers what is reported, as it is reported. Each monitor process reads all of `monitoring` for itself, so any
 * of them can serve any client, and take over from another where that left off.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { kafka, codec, topic, authorizer, metrics, log, nowMs, limits } = options;
  // WebSocket only: long polling would need every request of a client to reach the same process.
  const io: LiveServer = new Server({
    transports: ['websocket'],
    serveClient: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    allowRequest: ({ headers }, answer) => {
      if (!isOriginAllowed(headers, options.allowedOrigins)) answer('this origin may not', false);
      else if (io.sockets.sockets.size >= limits.clients) answer('too many clients', false);
      else answer(null, true);
    },
  });
  const counts = createCounts(nowMs);
  const channels = createChannels({
    send: (ids, batch) => {
      metrics.sent.inc(batch.items.length * ids.length);
      io.to([...ids]).emit('events', batch);
    },
    end: () => tail.recent.end(),
    nowMs,
    onSampled: (count) => metrics.sampled.inc(count),
  });
  const tail = await startTail({
    kafka,
    codec,
    topic,
    capacity: limits.recentReports,
    onEntries: (entries) => {
      counts.add(entries);
      options.onEvents(entries.map(({ event }) => event));
      channels.push(entries);
    },
    onGap: ({ partition, from, to }) => {
      io.emit('gap', { partition, from: String(from), to: String(to) });
    },
    log,
  });
  const catchUps = createCatchUps({ kafka, codec, topic, recent: tail.recent, metrics });

  authenticateSocket(io, { authorizer, nowMs, maxClients: limits.clients });
  /** What each connection that was let in is served by. */
  const served = new WeakMap<Connection, { readonly id: string; readonly flow: Flow }>();
  function onRoom(conn: Connection): void {
    const known = served.get(conn);
    if (known === undefined) return;
    known.flow.left();
    channels.wake(known.id);
  }
  function serve(connections: Connections): void {
    io.on('connection', (socket) => {
      const { conn, id } = socket;
      const flow = createFlow({ outgoing: connections.outgoingOf(conn) });
      connections.admit(conn);
      served.set(conn, { id, flow });
      metrics.clients.inc();
      socket.on('disconnect', () => {
        metrics.clients.dec();
        connections.dismiss(conn);
      });
      const health = options.health();
      if (health !== undefined) socket.emit('health', health);
      serveSocket(socket, { flow, channels, catchUps, end: () => tail.recent.end(), metrics, log });
    });
  }

  // Both are whole each time, so a client that cannot take one now is not sent it later. In turn: a socket takes the
  // next only when the one before has left.
  let isHealthNext = false;
  const timer = setInterval(() => {
    isHealthNext = !isHealthNext;
    const clients = io.sockets.sockets.size;
    if (clients === 0) return;
    const health = options.health();
    if (!isHealthNext) io.volatile.emit('summary', counts.summary(clients));
    else if (health !== undefined) io.volatile.emit('health', health);
  }, SUMMARY_INTERVAL_MS / 2);

  return {
    summary: () => counts.summary(io.sockets.sockets.size),
    notReady: () => (tail.isConnected() ? undefined : 'Kafka does not answer'),
    attach(server) {
      io.attach(server);
      serve(watchConnections(io, { onRoom }));
    },
    async stop() {
      clearInterval(timer);
      channels.stop();
      io.disconnectSockets(true);
      io.engine?.close();
      await catchUps.stop();
      await tail.stop();
    },
  };
}
