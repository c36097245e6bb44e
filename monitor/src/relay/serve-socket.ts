import type {
  ClientToServerEvents,
  ServerToClientEvents,
  SubscribeAnswer,
} from '@shelfcast/schemas/monitor/live';
import { STAGES } from '@shelfcast/schemas/monitor/stages';
import { sayIssue } from '@shelfcast/service-kit/config/say-issue';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Socket } from 'socket.io';
import { z } from 'zod';
import type { CatchUps } from './catch-ups.ts';
import type { Channels } from './channels.ts';
import { compileFilter } from './filter.ts';
import type { Flow } from './flow.ts';
import type { RelayMetrics } from './metrics.ts';
import { formatCursor, type Positions, parseCursor } from './positions.ts';

export interface SocketOptions {
  readonly flow: Flow;
  readonly channels: Channels;
  readonly catchUps: CatchUps;
  readonly end: () => Positions;
  readonly metrics: RelayMetrics;
  readonly log: Logger;
}

const text = z.string().min(1).max(200).optional();
const subscribeSchema = z.object({
  filter: z.strictObject({
    topic: text,
    entity: text,
    key: z.string().max(1_000).optional(),
    stages: z.array(z.enum(STAGES)).min(1).max(STAGES.length).optional(),
    service: text,
    text,
  }),
  since: z.string().max(32_768).nullable(),
});
const countSchema = z.int().min(0);

const MAX_SUBSCRIPTIONS_PER_SECOND = 20;

/** Serves one client until it goes: what it subscribes to, from where, as quickly as it takes it. */
export function serveSocket(
  socket: Socket<ClientToServerEvents, ServerToClientEvents>,
  { flow, channels, catchUps, end, metrics, log }: SocketOptions,
): void {
  /** Ends what was begun for the subscription before. */
  let current = new AbortController();

  /** Each may have Kafka asked, and a filter compiled. */
  let asked = { second: 0, times: 0 };
  function asksTooOften(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    asked = { second, times: second === asked.second ? asked.times + 1 : 1 };
    return asked.times > MAX_SUBSCRIPTIONS_PER_SECOND;
  }

  function begin(given: unknown): SubscribeAnswer & { readonly start?: () => void } {
    if (asksTooOften()) return { ok: false, detail: 'too many subscriptions in a second' };
    const parsed = subscribeSchema.safeParse(given, { error: sayIssue });
    if (!parsed.success) {
      const said = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
      return { ok: false, detail: said.join('; ').trim() };
    }
    const { filter, since } = parsed.data;
    const positions = since === null ? end() : parseCursor(since);
    if (positions === undefined) return { ok: false, detail: 'since is no cursor of ours' };
    current.abort();
    channels.leave(socket.id);
    current = new AbortController();
    const { signal } = current;
    const join = (): void => channels.join({ id: socket.id, flow }, filter);
    const client = {
      flow,
      matches: compileFilter(filter),
      send: (batch: Parameters<ServerToClientEvents['events']>[0]) => {
        metrics.sent.inc(batch.items.length);
        socket.emit('events', batch);
      },
      gap: (gap: Parameters<ServerToClientEvents['gap']>[0]) => socket.emit('gap', gap),
      join,
    };
    const start =
      since === null
        ? join
        : () => {
            catchUps
              .begin(client, positions, signal)
              .catch((error: unknown) => log.error({ error }, 'a client was not caught up'));
          };
    return { ok: true, cursor: since ?? formatCursor(positions), start };
  }

  socket.on('subscribe', (request, answer) => {
    const { start, ...result } = begin(request);
    // What comes after the answer belongs to this subscription.
    if (typeof answer === 'function') answer(result);
    start?.();
  });
  socket.on('received', (count) => {
    const parsed = countSchema.safeParse(count);
    if (!parsed.success) return;
    flow.received(parsed.data);
    channels.wake(socket.id);
  });
  socket.on('disconnect', () => {
    current.abort();
    channels.leave(socket.id);
  });
}
