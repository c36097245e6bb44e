import type {
  LiveBatch,
  LiveEvent,
  LiveFilter,
  LiveHealth,
  LiveSummary,
} from '@shelfcast/schemas/monitor/live';
import { untrack } from 'svelte';
import { type ConnectionState, nextConnection } from './connection-state.ts';
import {
  addReports,
  emptyFeed,
  type Feed,
  noteGap,
  noteSampled,
  pauseFeed,
  resumeFeed,
} from './feed.ts';
import { createLiveConnection, type LiveConnection } from './live-connection.ts';
import { createPace } from './pace.ts';

/** Rows that the feed keeps. */
const CAPACITY = 2_000;
/** Hidden pages get no frames; their batches are used all the same, or the monitor takes them for slow. */
const HIDDEN_INTERVAL_MS = 250;

/** What the monitor tells, as state that changes once per frame at most. */
export class Live {
  feed: Feed = $state.raw(emptyFeed({ capacity: CAPACITY, withSnapshots: false }));
  connection: ConnectionState = $state.raw({ name: 'connecting' });
  /** Undefined: nothing was told yet, or there is no connection. */
  summary: LiveSummary | undefined = $state.raw();
  /** The last that was told; `atMs` says when. */
  health: LiveHealth | undefined = $state.raw();
  /** Which process tells: INSTANCE_ID of the newest report. */
  instance: string | undefined = $state.raw();
  /** Reports that come to this page in a second, just now; as of the newest report or summary. */
  reportsPerSecond: number = $state.raw(0);
  readonly #pace = createPace();
  readonly #connection: LiveConnection;
  readonly #listeners = new Set<(reports: readonly LiveEvent[]) => void>();
  #waiting: LiveBatch[] = [];
  #scheduled = false;

  constructor({ token }: { readonly token: () => string | null }) {
    this.#connection = createLiveConnection({
      token,
      onConnection: (event) => {
        this.connection = nextConnection(this.connection, event);
        // Rates of ten seconds before the connection was lost say nothing about now.
        if (event.type === 'lost' || event.type === 'refused') this.summary = undefined;
      },
      onBatch: (batch) => {
        this.#waiting.push(batch);
        this.#schedule();
      },
      onGap: (gap) => {
        this.feed = noteGap(this.feed, gap);
      },
      onSummary: (summary) => {
        this.summary = summary;
        this.reportsPerSecond = this.#pace.perSecond();
      },
      onHealth: (health) => {
        this.health = health;
      },
    });
  }

  /** Connects; again after a refusal, with the present token. */
  open(): void {
    // An effect that opens must not open again because the connection's state has changed.
    untrack(() => this.#connection.open());
  }

  close(): void {
    this.#connection.close();
  }

  /** Shows other reports, from now on: the feed starts empty. */
  subscribe(filter: LiveFilter, { withSnapshots = false } = {}): void {
    this.#waiting = this.#waiting.map((batch) => ({ ...batch, items: [] }));
    this.feed = emptyFeed({ capacity: CAPACITY, withSnapshots });
    this.#connection.subscribe(filter);
  }

  pause(): void {
    this.feed = pauseFeed(this.feed);
  }

  resume(): void {
    this.feed = resumeFeed(this.feed);
  }

  /** Tells of reports as they come, before they are in the feed; returns how to stop that. */
  listen(listener: (reports: readonly LiveEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Whichever comes first: a page may be hidden after it asked for a frame.
    const timer = setTimeout(() => this.#flush(), HIDDEN_INTERVAL_MS);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      this.#flush();
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const batches = this.#waiting;
    if (batches.length === 0) return;
    this.#waiting = [];
    const reports = batches.flatMap(({ items }) => items);
    const sampled = batches.reduce((sum, batch) => sum + batch.sampled, 0);
    this.#pace.add(reports.length);
    this.reportsPerSecond = this.#pace.perSecond();
    this.feed = noteSampled(addReports(this.feed, reports), sampled);
    const instance = reports.at(-1)?.instance;
    if (instance !== undefined) this.instance = instance;
    for (const listener of this.#listeners) listener(reports);
    this.#connection.used(batches.length);
  }
}
