import type {
  ClientToServerEvents,
  LiveBatch,
  LiveEvent,
  LiveFilter,
  LiveGap,
  LiveHealth,
  LiveSummary,
  ServerToClientEvents,
} from '@shelfcast/schemas/monitor/live';
import { io, type Socket } from 'socket.io-client';

export interface LiveClientOptions {
  readonly url: string;
  readonly filter: LiveFilter;
  readonly since?: string | null;
  readonly token?: string;
  readonly origin?: string;
  /** Whether it says that it has used what it got; default true. */
  readonly acknowledges?: boolean;
}

/** What a page does with the monitor's socket, and what it got. */
export interface LiveClient {
  readonly items: LiveEvent[];
  readonly batches: LiveBatch[];
  readonly gaps: LiveGap[];
  readonly summaries: LiveSummary[];
  readonly healths: LiveHealth[];
  /** Reports it was told were left out. */
  sampled(): number;
  cursor(): string;
  /** Says that everything received so far was used. */
  acknowledge(): void;
  subscribe(filter: LiveFilter, since: string | null): Promise<void>;
  isConnected(): boolean;
  /** Cuts the connection without a word. */
  cut(): void;
  close(): void;
}

/** @throws Error with the monitor's words when it refuses */
export async function connectLive(options: LiveClientOptions): Promise<LiveClient> {
  const { url, filter, since = null, token, origin, acknowledges = true } = options;
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...(token === undefined ? {} : { auth: { token } }),
    ...(origin === undefined ? {} : { extraHeaders: { origin } }),
  });
  const items: LiveEvent[] = [];
  const batches: LiveBatch[] = [];
  const gaps: LiveGap[] = [];
  const summaries: LiveSummary[] = [];
  const healths: LiveHealth[] = [];
  let cursor = '';

  socket.on('events', (batch) => {
    batches.push(batch);
    for (const item of batch.items) items.push(item);
    cursor = batch.cursor;
    if (acknowledges) socket.emit('received', batches.length);
  });
  socket.on('gap', (gap) => gaps.push(gap));
  socket.on('summary', (summary) => summaries.push(summary));
  socket.on('health', (health) => healths.push(health));

  async function subscribe(wanted: LiveFilter, from: string | null): Promise<void> {
    const answer = await socket.emitWithAck('subscribe', { filter: wanted, since: from });
    if (!answer.ok) throw new Error(answer.detail);
    cursor = answer.cursor;
  }

  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.close();
      reject(error);
    });
  });
  try {
    await subscribe(filter, since);
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    items,
    batches,
    gaps,
    summaries,
    healths,
    sampled: () => batches.reduce((sum, batch) => sum + batch.sampled, 0),
    cursor: () => cursor,
    acknowledge: () => socket.emit('received', batches.length),
    subscribe,
    isConnected: () => socket.connected,
    cut: () => socket.io.engine.close(),
    close: () => socket.close(),
  };
}
