import type { Alert } from './live.ts';

// What the monitor answers about the parts of the pipeline and what is done to them. Types only: browsers import it.

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** For the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** `GET /api/dead-letters`: the oldest change of a key that could not be applied; later ones of the key wait behind it. */
export interface DeadLetterItem {
  /** Which redrive and discard are asked with. */
  readonly id: string;
  readonly consumer: string;
  readonly entity: string;
  readonly key: string;
  /** `retrying`: tried again by itself, at `nextAttemptAt`; `dead`: only on request. */
  readonly state: 'retrying' | 'dead';
  readonly attempts: number;
  readonly redrives: number;
  /** ISO 8601, UTC. */
  readonly parkedAt: string;
  readonly nextAttemptAt: string | null;
  readonly errorType: string;
  readonly errorMessage: string;
  /** Changes of the key that wait, this one included. */
  readonly waiting: number;
  /** Null where the record could not be read. */
  readonly eventId: string | null;
  readonly topic: string;
  readonly partition: number;
  /** A 64-bit number, as text. */
  readonly offset: string;
}

/** A record that waits, decoded. */
export interface ParkedRecord {
  readonly id: string;
  readonly eventId: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly op: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  /** Columns that replace those of `after` when it is tried again. */
  readonly edit: Readonly<Record<string, unknown>> | null;
  /** Why it cannot be read; null when it can. */
  readonly unreadable: string | null;
}

/** `GET /api/dead-letters/{id}`: with the first records of its key, the dead letter's own first. */
export interface DeadLetterDetail extends DeadLetterItem {
  readonly records: readonly ParkedRecord[];
}

/** What a redrive or discard came to. */
export interface CommandOutcome {
  /** Keys that were meant. */
  readonly matched: number;
  /** Keys it was done to; with `dryRun`, would be. */
  readonly done: number;
  /** Keys left alone, and why; the first hundred. */
  readonly refused: readonly {
    readonly entity: string;
    readonly key: string;
    readonly reason: string;
  }[];
}

/** `GET /api/consumers` */
export interface ConsumerItem {
  readonly name: string;
  readonly paused: {
    readonly consumer: string;
    readonly reason: string;
    readonly pausedBy: string;
    /** ISO 8601, UTC. */
    readonly pausedAt: string;
  } | null;
  /** Keys that wait for a decision, and keys that are tried again by themselves. */
  readonly deadLetters: number;
  readonly retrying: number;
}

export interface ConnectFailure {
  readonly cause: string;
  readonly meaning: string | null;
  readonly remedy: string | null;
  /** Changes are missing: no restart mends it. */
  readonly needsResync: boolean;
}

/** `GET /api/connectors`: `RUNNING`, `PAUSED`, `FAILED`, `UNASSIGNED`, … of the connector and of each task. */
export interface ConnectorItem {
  readonly name: string;
  readonly state: string;
  readonly failure: ConnectFailure | null;
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly worker: string;
    readonly failure: ConnectFailure | null;
  }[];
}

/** `GET /api/replication`: sizes in bytes are 64-bit numbers, as text. */
export interface ReplicationState {
  readonly slotName: string;
  /** Null: there is no such slot. */
  readonly slot: {
    readonly active: boolean;
    readonly walStatus: string | null;
    readonly retainedWalBytes: string;
    /** Bytes that may still be written before the slot is lost; null without a limit. */
    readonly safeWalSize: string | null;
    readonly invalidationReason: string | null;
  } | null;
  /** Since a heartbeat last arrived in Kafka, by the broker's clock; null: none is there, or Kafka could not be asked. */
  readonly heartbeatAgeMs: number | null;
  /** Since the connector last wrote one in the database; null: there is none, or it could not be asked. */
  readonly heartbeatWrittenAgeMs: number | null;
  readonly burnRate: { readonly bytesPerSecond: number; readonly spentInMs: number } | null;
  /** What heals the slot, as doctor and the alerts say it; null: nothing has to be done, or it is another part's matter. */
  readonly remedy: string | null;
}

/** `GET /api/audit` */
export interface AuditItem {
  readonly id: string;
  readonly who: string;
  /** `redrive`, `consumer.pause`, `connector.restart`, … */
  readonly action: string;
  readonly target: string;
  readonly request: unknown;
  /** ISO 8601, UTC. */
  readonly begunAt: string;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly result: unknown;
  readonly endedAt: string | null;
}

/** `GET /api/alerts` */
export interface AlertList {
  readonly atMs: number;
  readonly items: readonly Alert[];
}
