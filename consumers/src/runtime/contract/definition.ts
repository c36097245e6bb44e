import type { Change } from '@shelfcast/schemas/change';
import type { Contract } from '@shelfcast/schemas/contract';
import type { Position } from '@shelfcast/schemas/position';
import type { ManualTopic } from '@shelfcast/schemas/topics';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Tracing } from '@shelfcast/service-kit/tracing/tracing';
import type { ClientBase, Pool, QueryConfig } from 'pg';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { OutgoingEvent, OutgoingMessage } from '../outbox/outbox.ts';
import type { SharedFields } from '../shared-fields/merge.ts';

/** What a consumer is: which changes it takes, what one means to it, and how that takes effect. */
export interface ConsumerDefinition<Effect, Settings = unknown> {
  /** Also its consumer group, its database schema and the `service` of its reports. */
  readonly name: string;
  /** Tables of the product database, with their schema (`public.products`), whose changes it takes. */
  readonly tables: readonly string[];
  /** Topics of manual events that it takes as well; their changes are partial: what an event does not name stays. */
  readonly events?: readonly ManualTopic[];
  /**
   * Fields that others may change on keys the database owns. `decide` gets what counts, so a consumer need not know;
   * the host sets it (SHARED_FIELDS).
   */
  readonly sharedFields?: SharedFields;
  /** Columns whose values errors are told without; the host sets them (MASKED_FIELDS). */
  readonly maskedFields?: ReadonlySet<string>;
  /**
   * Folder of its SQL migrations, run in a schema named like the consumer: names in them need no schema, and those of a
   * consumer that can be rebuilt must not have any.
   */
  readonly migrationsUrl: URL;
  /** Pure: what the change means here, or null where it means nothing. Truncates never come here. */
  decide(change: Change): Effect | null;
  /**
   * Applies effects, in order, in the transaction that also holds their positions.
   * @throws {Outage} when something that all changes need is away: they wait. On any other error the transaction is
   *   rolled back, the changes to blame are found and parked, and the others applied again
   */
  apply(effects: readonly Effect[], context: ApplyContext): Promise<void>;
  /**
   * Reads what `apply` would read first, in the round trip that locks the keys: for `effects` and perhaps some that
   * will turn out not to count. It must only read and lock.
   * @returns the `apply` that goes on from there; undefined where reading ahead would not serve
   */
  ahead?(effects: readonly Effect[], context: ApplyContext): Apply<Effect> | undefined;
  /** After this an attempt counts as failed (default 10,000 ms). */
  readonly attemptTimeoutMs?: number;
  /** Work that is due by the clock, by task name of the job queue; each runs in its own transaction. */
  readonly jobs?: Readonly<Record<string, Job>>;
  /** Contracts of the events it publishes: their schemas are known before the first change comes. */
  readonly publishes?: readonly Contract<unknown>[];
  /** Settings of its own, checked with those of the process that hosts it. */
  readonly settings?: z.ZodRawShape;
  /** Work beside the stream, such as sending what was decided; runs as long as the process hosts the consumer. */
  background?(context: BackgroundContext<Settings>): Background;
  /** How its read model can be rebuilt; where it cannot be, why, as a sentence. */
  readonly rebuild?: Rebuild | { readonly refused: string };
  /** How its rows are compared with those of the source (`make reconcile`); where they cannot be, why, as a sentence. */
  readonly reconcile?: readonly Comparison[] | { readonly refused: string };
  /** Removes the entity's rows whose newest applied change is positioned before `floor`. */
  truncate(entity: string, floor: Position, context: ApplyContext): Promise<void>;
}

/** A table of the read model that has a row for each row of a source table. */
export interface Comparison {
  /** The source table, by the name that its changes have (see `Change.entity`). */
  readonly entity: string;
  /** In the consumer's schema. */
  readonly table: string;
  /** Its column that holds `Change.key`. */
  readonly key: string;
  /** Columns that hold the same value on both sides, and have the same name. */
  readonly columns: readonly string[];
  /** Finds values that follow from others, and do not. */
  readonly computed?: Computed;
  /** What rows that compare equal do not vouch for, as a sentence. */
  readonly unverified?: string;
}

/**
 * Of these keys those whose rows hold a computed value that the rest of the read model does not give, with the names of its
 * columns. What the clock changes about now counts as right, before and after. It must only read.
 */
export type Computed = (
  keys: readonly string[],
  context: Pick<ApplyContext, 'tx' | 'schema' | 'nowMs'>,
) => Promise<ReadonlyMap<string, readonly string[]>>;

/** A read model that a snapshot and the stream give whole (see `startRebuilder`). */
export interface Rebuild {
  /**
   * The last step, in the transaction that puts the new generation in the place of the old one: fetches what the
   * database does not know.
   */
  onSwap(context: Swap): Promise<void>;
}

export interface Swap {
  readonly tx: ClientBase;
  /** Schema of the new generation. */
  readonly schema: string;
  /** Schema of the old generation; nothing writes to it any more. */
  readonly oldSchema: string;
  /** Keys that belong to publishers of manual events. Their rows are in the old generation alone. */
  readonly owned: readonly { readonly entity: string; readonly key: string }[];
}

export type Apply<Effect> = ConsumerDefinition<Effect>['apply'];

/** @throws any error; the job is tried again later */
export type Job = (payload: unknown, context: ApplyContext) => Promise<void>;

export interface ApplyContext {
  readonly tx: ClientBase;
  /**
   * Sends a statement whose answer matters only if it is an error, as part of the same transaction: it travels with
   * the statements behind it, at last the commit.
   */
  write(query: QueryConfig): void;
  /** Name under which `runtime.guards` holds the positions of this consumer. */
  readonly consumer: string;
  /** Where its tables are: the schema of its name, or while it is rebuilt that of the generation being built. */
  readonly schema: string;
  /** Milliseconds since the Unix epoch: the clock for effects that depend on time. */
  readonly nowMs: number;
  /** Sends a message once the transaction is committed (see `writeOutbox`); the id in it is to be derived from its cause. */
  publish(message: OutgoingMessage): void;
  /** The same for a value of one of our contracts. */
  publishEvent<T>(event: OutgoingEvent<T>): void;
  /** Set while a read model is rebuilt: effects outside the database, such as webhooks, are to be left out. */
  readonly suppressSideEffects?: boolean;
}

export interface BackgroundContext<Settings> {
  readonly pool: Pool;
  readonly log: Logger;
  /** Where its metrics go. */
  readonly registry: Registry;
  /** What the environment gives for the consumer's `settings`. */
  readonly settings: Settings;
  readonly tracing: Tracing | undefined;
}

export interface Background {
  stop(): Promise<void>;
}

const DEFAULT_ATTEMPT_TIMEOUT_MS = 10_000;

/** Milliseconds after which an attempt of the consumer counts as failed. */
export function attemptTimeoutOf({
  attemptTimeoutMs = DEFAULT_ATTEMPT_TIMEOUT_MS,
}: Pick<ConsumerDefinition<unknown>, 'attemptTimeoutMs'>): number {
  return attemptTimeoutMs;
}

/**
 * A definition as the runtime knows it, with effects of any type: it gives `apply` nothing but what
 * `decide` of the same definition returned.
 */
export type Consumer = ConsumerDefinition<unknown>;

/** Checks a consumer's parts against one another, and lets it stand in one list with others. */
export function defineConsumer<Effect>(definition: ConsumerDefinition<Effect>): Consumer {
  return definition;
}
