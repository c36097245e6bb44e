import type { Change } from '@shelfcast/schemas/change';
import type { Position } from '@shelfcast/schemas/position';
import type { ClientBase } from 'pg';

/** What a consumer is: which changes it takes, what one means to it, and how that takes effect. */
export interface ConsumerDefinition<Effect> {
  /** Also its consumer group, its database schema and the `service` of its reports. */
  readonly name: string;
  /** Tables of the product database, with their schema (`public.products`), whose changes it takes. */
  readonly tables: readonly string[];
  /** Folder of its SQL migrations, run in a schema named like the consumer. */
  readonly migrationsUrl: URL;
  /** Pure: what the change means here, or null where it means nothing. Truncates never come here. */
  decide(change: Change): Effect | null;
  /**
   * Applies effects, in order, in the transaction that also holds their positions.
   * @throws whatever went wrong; the whole transaction is rolled back
   */
  apply(effects: readonly Effect[], context: ApplyContext): Promise<void>;
  /** Work that is due by the clock, by task name of the job queue; each runs in its own transaction. */
  readonly jobs?: Readonly<Record<string, Job>>;
  /** Removes the entity's rows whose newest applied change is positioned before `floor`. */
  truncate(entity: string, floor: Position, context: ApplyContext): Promise<void>;
}

/** @throws whatever went wrong; the job is tried again later */
export type Job = (payload: unknown, context: ApplyContext) => Promise<void>;

export interface ApplyContext {
  readonly tx: ClientBase;
  /** Name under which `runtime.guards` holds the positions of this consumer. */
  readonly consumer: string;
  /** Milliseconds since the Unix epoch: the clock for effects that depend on time. */
  readonly nowMs: number;
}
