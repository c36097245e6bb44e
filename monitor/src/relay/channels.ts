import type { LiveBatch, LiveEvent, LiveFilter } from '@shelfcast/schemas/monitor/live';
import { createGathering } from '@shelfcast/service-kit/postgres/gathering';
import { type Backlog, createBacklog } from './backlog.ts';
import { compileFilter, filterKey } from './filter.ts';
import type { Flow } from './flow.ts';
import { formatCursor, type Positions } from './positions.ts';
import type { Entry } from './recent.ts';

/** Who gets what comes, of what its filter lets through. */
export interface Member {
  /** Of its socket. */
  readonly id: string;
  readonly flow: Flow;
}

export interface ChannelsOptions {
  /** Gives sockets the same batch; encoded once, however many they are. */
  readonly send: (ids: readonly string[], batch: LiveBatch) => void;
  /** The end of what was read and pushed. */
  readonly end: () => Positions;
  readonly nowMs: () => number;
  readonly onSampled: (count: number) => void;
}

/** Gathers what comes for all clients with the same filter, and sends it in batches. */
export interface Channels {
  push(entries: readonly Entry[]): void;
  /** A client that has everything up to the end joins; what is gathered for others goes out first. */
  join(member: Member, filter: LiveFilter): void;
  leave(id: string): void;
  /** A client has room again: what waits for it goes with the next batch. */
  wake(id: string): void;
  stop(): void;
}

/** Of a stream: no person reads faster, and a batch every 50 ms costs a twentieth of what one per report does. */
const BATCH_INTERVAL_MS = 50;
/** Reports of one batch, and reports that wait for a client that is slow. */
const MAX_BATCH = 500;
/** Cursors of clients whose filter lets nothing through go on as well. */
const CURSOR_INTERVAL_MS = 1_000;

interface Channel {
  readonly matches: (event: LiveEvent) => boolean;
  readonly members: Map<string, { readonly member: Member; readonly backlog: Backlog }>;
  gathered: Entry[];
  /** Everything up to here was sent, or waits in the members' backlogs. */
  at: Positions;
  sentAtMs: number;
}

export function createChannels({ send, end, nowMs, onSampled }: ChannelsOptions): Channels {
  const channels = new Map<string, Channel>();
  const channelOf = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const gathering = createGathering(BATCH_INTERVAL_MS, nowMs);
  let intervalMs = 0;
  let flushedAtMs = 0;

  function sendNext(channel: Channel, items: readonly LiveEvent[]): void {
    channel.sentAtMs = nowMs();
    const cursor = formatCursor(channel.at);
    const upToDate: string[] = [];
    for (const { member, backlog } of channel.members.values()) {
      const isOpen = member.flow.isOpen();
      if (isOpen) member.flow.sent();
      if (isOpen && backlog.isEmpty()) {
        upToDate.push(member.id);
        continue;
      }
      backlog.add(items);
      if (!isOpen) continue;
      const late = backlog.take();
      onSampled(late.sampled);
      send([member.id], { ...late, cursor, catchingUp: false });
    }
    if (upToDate.length > 0) {
      send(upToDate, { items, sampled: 0, cursor, catchingUp: false });
    }
  }

  /** Sends a full batch while more of the same push is still to come. */
  function sendFull(channel: Channel): void {
    const part = channel.gathered.splice(0, MAX_BATCH);
    const at = new Map(channel.at);
    for (const { partition, offset } of part) at.set(partition, offset + 1n);
    channel.at = at;
    sendNext(channel, part.map(eventOf));
  }

  function flush(channel: Channel): void {
    const items = channel.gathered.map(eventOf);
    channel.gathered = [];
    channel.at = new Map(end());
    sendNext(channel, items);
  }

  function schedule(): void {
    timer ??= setTimeout(flushAll, Math.max(0, flushedAtMs + intervalMs - nowMs()));
  }

  function flushAll(): void {
    timer = undefined;
    flushedAtMs = nowMs();
    for (const channel of channels.values()) {
      const isDue = flushedAtMs - channel.sentAtMs >= CURSOR_INTERVAL_MS;
      const waits = [...channel.members.values()].some(({ backlog }) => !backlog.isEmpty());
      if (isDue || waits || channel.gathered.length > 0) flush(channel);
    }
  }

  return {
    push(entries) {
      for (const channel of channels.values()) {
        for (const entry of entries) {
          if (!channel.matches(entry.event)) continue;
          channel.gathered.push(entry);
          if (channel.gathered.length === MAX_BATCH) sendFull(channel);
        }
      }
      if (channels.size === 0) return;
      intervalMs = gathering.after(entries.length);
      schedule();
    },
    join(member, filter) {
      const key = filterKey(filter);
      const channel = channels.get(key) ?? {
        matches: compileFilter(filter),
        members: new Map(),
        gathered: [],
        at: new Map(end()),
        sentAtMs: nowMs(),
      };
      if (channel.gathered.length > 0) flush(channel);
      channels.set(key, channel);
      channel.members.set(member.id, { member, backlog: createBacklog(MAX_BATCH) });
      channelOf.set(member.id, key);
    },
    leave(id) {
      const key = channelOf.get(id);
      if (key === undefined) return;
      channelOf.delete(id);
      const channel = channels.get(key);
      channel?.members.delete(id);
      if (channel?.members.size === 0) channels.delete(key);
    },
    wake(id) {
      const known = channels.get(channelOf.get(id) ?? '')?.members.get(id);
      if (known !== undefined && !known.backlog.isEmpty()) schedule();
    },
    stop() {
      clearTimeout(timer);
      channels.clear();
    },
  };
}

function eventOf({ event }: Entry): LiveEvent {
  return event;
}
