import type { ReportedError, Stage } from '../generated/monitoring-event.ts';
import type { ReportDetails } from '../monitoring-event.ts';

// What the monitor and browsers say to each other over Socket.IO. Types only, but for a few names: browsers import it.

/** A report as it goes over the wire: a monitoring event whose numbers JSON can hold. */
export interface LiveEvent {
  /** Id of the report; one that was sent twice to Kafka comes twice. */
  readonly id: string;
  readonly eventId: string;
  readonly stage: Stage;
  readonly service: string;
  readonly instance: string;
  readonly topic: string;
  readonly partition: number | null;
  /** A 64-bit number, as text. */
  readonly offset: string | null;
  readonly key: string | null;
  /** Unix microseconds: commit or acceptance, and the end of this step. */
  readonly occurredAtUs: number;
  readonly atUs: number;
  readonly durationUs: number | null;
  readonly attempt: number;
  readonly error: ReportedError | null;
  readonly traceId: string | null;
  readonly details: ReportDetails;
}

/** Which reports a client wants; all conditions hold together, none means all. */
export interface LiveFilter {
  readonly topic?: string | undefined;
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly stages?: readonly Stage[] | undefined;
  readonly service?: string | undefined;
  /** Anywhere in event id, key, error or details; upper and lower case are the same. */
  readonly text?: string | undefined;
}

export interface SubscribeRequest {
  readonly filter: LiveFilter;
  /** The cursor of the last batch that was used; null: from now on. */
  readonly since: string | null;
}

export type SubscribeAnswer =
  | { readonly ok: true; readonly cursor: string }
  | { readonly ok: false; readonly detail: string };

export interface LiveBatch {
  /** In the order of each partition of `monitoring`, so in order for each event. */
  readonly items: readonly LiveEvent[];
  /** For `since`: everything up to here was sent, or counted in `sampled`. */
  readonly cursor: string;
  /** Reports before these that were left out, because this client was too slow for all of them. */
  readonly sampled: number;
  /** Whether the client is still being told what it missed. */
  readonly catchingUp: boolean;
}

/** Reports that a client asked for and that no longer exist. */
export interface LiveGap {
  readonly partition: number;
  /** The offset it was to go on at, and the one it goes on at; 64-bit numbers, as text. */
  readonly from: string;
  readonly to: string;
}

/** The last ten seconds, once a second. Reports of snapshot reads are counted like all others. */
export interface LiveSummary {
  readonly atMs: number;
  readonly reportsPerSecond: number;
  readonly failuresPerSecond: number;
  /** Reports per second, by service and then by stage. */
  readonly services: Readonly<Record<string, Readonly<Partial<Record<Stage, number>>>>>;
  /** Commit to processed, of the last ten seconds; null where nothing was processed. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** Who looks on through this monitor process. */
  readonly clients: number;
}

export type AlertState = 'firing' | 'resolved';

export interface Alert {
  /** One of the monitor's fixed set: `TaskFailed`, `SlotBudget`, … */
  readonly name: string;
  /** What it is about: a consumer, a connector, a slot. */
  readonly subject: string;
  readonly severity: 'warning' | 'critical';
  readonly state: AlertState;
  /** One sentence with figures. */
  readonly summary: string;
  /** The command that mends it, where there is one. */
  readonly remedy: string | null;
  /** The runbook's section. */
  readonly runbook: string;
  readonly sinceMs: number;
  readonly resolvedAtMs: number | null;
}

/** Everything that is not well, whole each time, and how old what arrives and what waits is. */
export interface LiveHealth {
  readonly atMs: number;
  readonly alerts: readonly Alert[];
  /** Since a heartbeat of the source last arrived in Kafka; null: none is there, or it is not known. */
  readonly heartbeatAgeMs: number | null;
  /** Of each consumer: age of the oldest record that it has not handled, 0 when none waits. Not known of those left out. */
  readonly oldestUnhandledMs: Readonly<Record<string, number>>;
}

export interface ServerToClientEvents {
  events: (batch: LiveBatch) => void;
  gap: (gap: LiveGap) => void;
  summary: (summary: LiveSummary) => void;
  health: (health: LiveHealth) => void;
}

export interface ClientToServerEvents {
  /** Replaces the subscription before. What comes before the answer belongs to the old one. */
  subscribe: (request: SubscribeRequest, answer: (result: SubscribeAnswer) => void) => void;
  /** How many batches of this connection were received and used: at most LIVE_WINDOW go unanswered. */
  received: (count: number) => void;
}

/** Batches on their way to a client that has not said `received`; above it, it counts as slow. */
export const LIVE_WINDOW = 16;
