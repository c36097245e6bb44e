import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '@shelfcast/schemas/codec';
import type { LiveBatch, LiveEvent, LiveGap } from '@shelfcast/schemas/monitor/live';
import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import type { FetchedPartition, KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import { decodeReports } from '../reports/decode-reports.ts';
import type { Flow } from './flow.ts';
import { toEntry } from './live-event.ts';
import { formatCursor, type Positions } from './positions.ts';
import type { Recent } from './recent.ts';

export interface CatchUpOptions {
  readonly topic: string;
  readonly recent: Recent;
  readonly reader: LogReader;
  readonly admin: Pick<KafkaAdmin, 'watermarks'>;
  readonly codec: Codec;
  /** One at a time reads from Kafka; the others wait for their turn. */
  readonly takeTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface CatchUpClient {
  readonly flow: Flow;
  readonly matches: (event: LiveEvent) => boolean;
  send(batch: LiveBatch): void;
  gap(gap: LiveGap): void;
  /** It has everything up to the end. Called in the same turn in which that became so. */
  join(): void;
}

const MAX_BATCH = 500;
/** One fetch is one batch, and never waits in memory for a slow client. */
const FETCH = { maxWaitMs: 20, maxBytes: 128 * 1024, maxPartitionBytes: 32 * 1024 };
const POLL_MS = 20;
const RETRY_MS = 500;

/**
 * Tells a client everything from `since` on, as quickly as it takes it and leaving nothing out, until nothing is left
 * and it joins the others: first from Kafka, then from memory. In the turn of the event loop in which it has what memory
 * holds, nothing can come in between.
 */
export async function catchUp(
  options: CatchUpOptions,
  client: CatchUpClient,
  since: Positions,
  signal: AbortSignal,
): Promise<void> {
  const { recent } = options;
  let at = await waitForEnd(options, client, since, signal);
  while (!signal.aborted) {
    await client.flow.room(signal);
    if (signal.aborted) return;
    if (!recent.covers(at)) {
      at = await sendFromLog(options, client, at, signal).catch(afterFailure);
      continue;
    }
    const slice = recent.after(at, client.matches, MAX_BATCH);
    at = slice.positions;
    sendBatch(client, slice.events, { at, catchingUp: !slice.complete });
    if (slice.complete) return client.join();
  }

  async function afterFailure(error: unknown): Promise<Positions> {
    if (error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE') {
      return await tellGaps(options, client, at);
    }
    // Kafka or the registry is away: as long as that, nothing comes for the others either.
    await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    return at;
  }
}

function sendBatch(
  client: CatchUpClient,
  items: readonly LiveEvent[],
  { at, catchingUp }: { readonly at: Positions; readonly catchingUp: boolean },
): void {
  client.flow.sent();
  client.send({ items, cursor: formatCursor(at), sampled: 0, catchingUp });
}

/** Another monitor process may have been ahead of this one: waits until this one has read as far. */
async function waitForEnd(
  options: CatchUpOptions,
  client: CatchUpClient,
  since: Positions,
  signal: AbortSignal,
): Promise<Positions> {
  let at = since;
  for (let asked = false; !options.recent.reached(at) && !signal.aborted; ) {
    if (!asked) {
      asked = true;
      at = await tellGaps(options, client, at).catch(() => {
        asked = false;
        return at;
      });
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return at;
}

/** Moves each partition to its first record; what lies in between was deleted, or the topic was recreated. */
async function tellGaps(
  { topic, admin, recent }: CatchUpOptions,
  client: CatchUpClient,
  at: Positions,
): Promise<Positions> {
  const moved = new Map<number, bigint>();
  for (const [partition, { low, high }] of await admin.watermarks(topic)) {
    const from = at.get(partition) ?? 0n;
    const to = from < low || from > high ? low : from;
    // A partition that was added since then begins at 0 for everybody.
    if (to !== from && at.has(partition)) {
      client.gap({ partition, from: String(from), to: String(to) });
    }
    if (recent.end().has(partition)) moved.set(partition, to);
  }
  return moved;
}

/** @returns where it goes on */
async function sendFromLog(
  { topic, recent, reader, codec, takeTurn }: CatchUpOptions,
  client: CatchUpClient,
  at: Positions,
  signal: AbortSignal,
): Promise<Positions> {
  const from = new Map(
    [...recent.end().keys()].map((partition) => [partition, at.get(partition) ?? 0n]),
  );
  const { entries, next } = await takeTurn(async () => {
    // A client that subscribes again and again must not keep others from their turn.
    if (signal.aborted) return { entries: [], next: new Map<number, bigint>() };
    const fetched = await reader.read({ topic, from, ...FETCH });
    const end = recent.end();
    const known = fetched.map((part) => upTo(part, end.get(part.partition) ?? 0n));
    const records = known.flatMap((part) => part.records);
    const { reports } = await decodeReports(codec, records, toEntry);
    return { entries: reports, next: new Map(known.map(nextOf)) };
  });
  const matching = entries.map(({ event }) => event).filter(client.matches);
  const reached = new Map([...from, ...next]);
  if (matching.length > 0) sendBatch(client, matching, { at: reached, catchingUp: true });
  return reached;
}

/** Without what this process has not read itself yet, which will come to everybody. */
function upTo(part: FetchedPartition, end: bigint): FetchedPartition {
  if (part.nextOffset <= end) return part;
  return { ...part, records: part.records.filter(({ offset }) => offset < end), nextOffset: end };
}

function nextOf({ partition, nextOffset }: FetchedPartition): [number, bigint] {
  return [partition, nextOffset];
}
