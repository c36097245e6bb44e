import type { FetchedPartition, FetchRequest, FetchResponse } from 'kafkajs/src/broker/index.js';
import { partitionKey } from '../partition-key.ts';
import type { TopicPartition } from '../types.ts';
import { nextAction } from './next-action.ts';

/** Asks the broker itself, on the member's own connection. */
type Ask = (request: FetchRequest) => Promise<FetchResponse>;

/** What the consumers of one process fetch of one broker. */
export interface SharedFetches {
  /**
   * Answers a fetch of one of the consumers, `member`: with records that another one has fetched just now, with those of
   * a fetch for all of them, or by asking the broker as if there were no others.
   * @throws what asking throws
   */
  fetch(member: object, request: FetchRequest, ask: Ask): Promise<FetchResponse>;
}

export interface SharedFetchesOptions {
  /** Records kept of each partition for those that have not read them yet (default 1 MiB). */
  readonly maxBytesPerPartition?: number;
  /** Milliseconds of a steady clock. */
  readonly nowMs?: () => number;
}

/** An answer about one partition: what there was from offset `from` on; `to` is the offset after it. */
interface Part {
  readonly from: bigint;
  readonly to: bigint;
  readonly bytes: number;
  readonly atMs: number;
  readonly data: FetchedPartition;
}

/** The end of a partition, as far as it was read. */
interface Tail {
  parts: Part[];
  end: bigint;
}

interface Place extends TopicPartition {
  /** Its `partitionKey`. */
  readonly name: string;
  readonly offset: bigint;
  readonly maxBytes: number;
}

/** What a consumer asked for last, by `partitionKey`; offsets move on with what it was given. */
interface Member {
  readonly places: Map<string, Place>;
  readonly atMs: number;
}

/** A fetch for all, under way. */
interface Fetching {
  /** Who asks. */
  readonly by: object;
  /** Offsets that it reads from, by `partitionKey`. */
  readonly from: ReadonlyMap<string, bigint>;
  /** After this time no member waits for it: the connection of the member that asks is in trouble. */
  readonly overdueMs: number;
  failed: boolean;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
/** Records that no member fetched, and members that no longer ask, are forgotten after this time. */
const STALE_MS = 2_000;
/** A broker answers an empty fetch a little after its wait. */
const GRACE_MS = 250;
/** kafkajs gives a request up after this time. */
const HANGING_MS = 30_000;
const NOWHERE: Tail = { parts: [], end: 0n };
const NOTHING: FetchResponse = { errorCode: 0, sessionId: 0, responses: [] };

/**
 * Consumers of one process mostly read the same records at the same time, and a fetch costs broker and client as much
 * as what it brings: here those at the end of a partition wait for one fetch together. Who is behind, or whose partitions
 * it does not cover, asks by itself, as does everybody after an error, which only the broker can explain.
 *
 * A member's request (`nextAction`; the first row that holds):
 *
 * | it                                       | action        | until                                          |
 * | ---------------------------------------- | ------------- | ---------------------------------------------- |
 * | wants records that no other will bring   | asks alone    | the broker answers                             |
 * | wants records that are kept              | gets them     | –                                              |
 * | has waited as long as it asked to        | gets nothing  | –                                              |
 * | finds a fetch for all under way          | joins it      | it ends, or the wait is over; then from the top |
 * | hung with its last fetch for all         | asks alone    | the broker answers                             |
 * | else                                     | fetches for all | as if it had joined                          |
 *
 * The fetch for all: none → under way → its records are kept (none) · it fails, all that is kept is forgotten, and those
 * who joined ask alone (none) · it is overdue, and its member is left alone for 30 s (none).
 */
export function createSharedFetches(options: SharedFetchesOptions = {}): SharedFetches {
  const { maxBytesPerPartition = DEFAULT_MAX_BYTES, nowMs = () => performance.now() } = options;
  const members = new Map<object, Member>();
  const tails = new Map<string, Tail>();
  const waiting = new Set<() => void>();
  let fetching: Fetching | undefined;
  /** Whose fetches for all have hung lately. */
  const hangingUntilMs = new WeakMap<object, number>();
  let sweptAtMs = nowMs();

  function wake(): void {
    for (const goOn of [...waiting]) goOn();
  }

  /** Resolves when something has changed, or the time has come: who fetches must also send heartbeats. */
  function change(untilMs: number): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        waiting.delete(goOn);
        resolve();
      };
      const timer = setTimeout(goOn, Math.max(0, untilMs - nowMs()));
      waiting.add(goOn);
    });
  }

  /**
   * Keeps what continues a partition's end; what lies before it is only of use to who asked.
   * @returns whether everybody can go on from there. Where the log is compacted an answer may hold nothing but what lies
   *   before the offset asked for, and who asked knows best what to do about it
   */
  function keep(from: ReadonlyMap<string, bigint>, { responses }: FetchResponse): boolean {
    let isOfUse = true;
    for (const { topicName: topic, partitions } of responses) {
      for (const data of partitions) {
        const name = partitionKey({ topic, partition: data.partition });
        const first = from.get(name);
        const last = data.messages.at(-1);
        if (first === undefined || last === undefined) continue;
        const part = partOf(data, first, BigInt(last.offset) + 1n);
        if (part.to <= first) isOfUse = false;
        else keepPart(name, part);
      }
    }
    wake();
    return isOfUse;
  }

  function partOf(data: FetchedPartition, from: bigint, to: bigint): Part {
    return { from, to, bytes: bytesOf(data), atMs: nowMs(), data };
  }

  function keepPart(name: string, part: Part): void {
    const tail = tails.get(name);
    if (tail === undefined || part.from > tail.end) {
      tails.set(name, { parts: [part], end: part.to });
    } else if (part.to > tail.end) {
      const isWhole = part.from === tail.end;
      if (!isWhole && hasAborted(part)) return; // which of them counts depends on where reading began
      const { data, to } = part;
      const messages = data.messages.filter(({ offset }) => BigInt(offset) >= tail.end);
      tail.parts.push(isWhole ? part : partOf({ ...data, messages }, tail.end, to));
      tail.end = to;
      forgetOld(tail);
    }
  }

  function forgetOld(tail: Tail): void {
    const oldestMs = nowMs() - STALE_MS;
    let bytes = tail.parts.reduce((sum, part) => sum + part.bytes, 0);
    while (tail.parts.length > 0) {
      const [oldest] = tail.parts;
      const isLarge = bytes > maxBytesPerPartition && tail.parts.length > 1;
      if (oldest === undefined || (oldest.atMs >= oldestMs && !isLarge)) return;
      tail.parts.shift();
      bytes -= oldest.bytes;
    }
  }

  /** What is kept of a partition from an offset on. */
  function kept({ name, offset, maxBytes }: Place): FetchedPartition | undefined {
    const { parts, end } = tails.get(name) ?? NOWHERE;
    if (offset >= end) return undefined;
    const oldestMs = nowMs() - STALE_MS;
    const index = parts.findIndex(({ from, to }) => from <= offset && offset < to);
    const first = parts[index];
    if (first === undefined || first.atMs < oldestMs) return undefined;
    if (hasAborted(first)) return first.from === offset ? first.data : undefined;
    let { bytes } = first;
    const taken = [first];
    for (const part of parts.slice(index + 1)) {
      bytes += part.bytes;
      if (bytes > maxBytes || hasAborted(part)) break;
      taken.push(part);
    }
    const last = taken.at(-1) ?? first;
    if (taken.length === 1) return first.data;
    return { ...last.data, messages: taken.flatMap(({ data }) => data.messages) };
  }

  function answer(places: readonly Place[]): FetchResponse | undefined {
    const responses = new Map<string, FetchedPartition[]>();
    for (const place of places) {
      const data = kept(place);
      if (data === undefined) continue;
      responses.set(place.topic, [...(responses.get(place.topic) ?? []), data]);
    }
    if (responses.size === 0) return undefined;
    return {
      ...NOTHING,
      responses: [...responses].map(([topicName, partitions]) => ({ topicName, partitions })),
    };
  }

  function isAtEnd(place: Place): boolean {
    const tail = tails.get(place.name);
    if (tail !== undefined && tail.end >= place.offset) return tail.end === place.offset;
    tails.set(place.name, { parts: [], end: place.offset });
    return true;
  }

  /** Fetches the tail of every partition that at least one member has caught up with: bounds read-ahead to one fetch. */
  function fetchForAll(by: object, request: FetchRequest, ask: Ask): Fetching {
    const all = new Map<string, Place>();
    for (const { places } of members.values()) {
      for (const [name, place] of places) {
        if ((tails.get(name)?.end ?? place.offset) === place.offset) all.set(name, place);
      }
    }
    const from = offsetsOf([...all.values()]);
    const overdueMs = nowMs() + request.maxWaitTime + GRACE_MS;
    const started: Fetching = { by, from, overdueMs, failed: false };
    const whole = { ...request, topics: byTopic([...all.values()]) };
    void (async () => {
      try {
        started.failed = !keep(from, await ask(whole));
      } catch {
        started.failed = true;
        tails.clear(); // a topic may have been made again, with other records at the same offsets
      } finally {
        if (fetching === started) fetching = undefined;
        wake();
      }
    })();
    return started;
  }

  async function askAlone(
    request: FetchRequest,
    places: readonly Place[],
    ask: Ask,
  ): Promise<FetchResponse> {
    try {
      const response = await ask(request);
      keep(offsetsOf(places), response);
      return response;
    } catch (error) {
      tails.clear();
      throw error;
    }
  }

  function sweep(atMs: number): void {
    sweptAtMs = atMs;
    for (const [other, seen] of members) if (seen.atMs < atMs - STALE_MS) members.delete(other);
    for (const tail of tails.values()) forgetOld(tail);
  }

  /** @returns whether there is no other member to share with */
  function note(member: object, places: readonly Place[]): boolean {
    const atMs = nowMs();
    if (atMs - sweptAtMs >= STALE_MS) sweep(atMs);
    const named = new Map(places.map((place) => [place.name, place] as const));
    members.set(member, { places: named, atMs });
    return members.size === 1;
  }

  function noteGiven(member: object, { responses }: FetchResponse): void {
    const places = members.get(member)?.places;
    for (const { topicName: topic, partitions } of responses) {
      for (const { partition, messages } of partitions) {
        const name = partitionKey({ topic, partition });
        const place = places?.get(name);
        const last = messages.at(-1);
        if (place === undefined || last === undefined) continue;
        places?.set(name, { ...place, offset: BigInt(last.offset) + 1n });
      }
    }
  }

  /** The fetch for all that is under way; one that is overdue is not waited for, and who asked for it is left alone. */
  function underWay(): Fetching | undefined {
    if (fetching === undefined || nowMs() < fetching.overdueMs) return fetching;
    hangingUntilMs.set(fetching.by, nowMs() + HANGING_MS);
    fetching = undefined;
    return undefined;
  }

  async function fetch(
    member: object,
    request: FetchRequest,
    places: readonly Place[],
    ask: Ask,
  ): Promise<FetchResponse> {
    const untilMs = nowMs() + request.maxWaitTime;
    for (;;) {
      const response = answer(places);
      let running: Fetching | undefined;
      const action = nextAction({
        isBehind: places.some((place) => !isAtEnd(place) && kept(place) === undefined),
        hasKept: response !== undefined,
        isOver: nowMs() >= untilMs,
        // Asked for only where it counts: who finds a fetch overdue gives it up.
        get isUnderWay() {
          running = underWay();
          return running !== undefined;
        },
        get hangs() {
          return nowMs() < (hangingUntilMs.get(member) ?? 0);
        },
      });
      if (action === 'askAlone') return await askAlone(request, places, ask);
      if (action === 'takeKept' || action === 'giveUp') return response ?? NOTHING;
      const joined = running ?? fetchForAll(member, request, ask);
      fetching = joined;
      const covered = places.every(({ name, offset }) => joined.from.get(name) === offset);
      if (!covered) return await askAlone(request, places, ask);
      await change(untilMs + GRACE_MS);
      if (joined.failed) return await askAlone(request, places, ask);
    }
  }

  return {
    async fetch(member, request, ask) {
      const places = placesOf(request);
      const isAlone = note(member, places);
      if (isAlone) tails.clear(); // no member would learn of another's error
      const response = isAlone ? await ask(request) : await fetch(member, request, places, ask);
      noteGiven(member, response);
      return response;
    },
  };
}

function placesOf({ topics }: FetchRequest): Place[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, fetchOffset, maxBytes }) => ({
      name: partitionKey({ topic, partition }),
      topic,
      partition,
      offset: BigInt(fetchOffset),
      maxBytes,
    })),
  );
}

function offsetsOf(places: readonly Place[]): Map<string, bigint> {
  return new Map(places.map(({ name, offset }) => [name, offset] as const));
}

function byTopic(places: readonly Place[]): FetchRequest['topics'] {
  const topics = new Map<string, Place[]>();
  for (const place of places) topics.set(place.topic, [...(topics.get(place.topic) ?? []), place]);
  return [...topics].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition, offset, maxBytes }) => ({
      partition,
      fetchOffset: String(offset),
      maxBytes,
    })),
  }));
}

function hasAborted({ data }: Part): boolean {
  return (data.abortedTransactions ?? []).length > 0;
}

function bytesOf({ messages }: FetchedPartition): number {
  return messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
}
