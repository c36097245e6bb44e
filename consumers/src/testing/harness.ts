import type { Change } from '@shelfcast/schemas/change';
import { createCodec } from '@shelfcast/schemas/codec';
import type { Contract } from '@shelfcast/schemas/contract';
import { createMemoryRegistry } from '@shelfcast/schemas/testing/memory-registry';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { inPipelinedTransaction } from '@shelfcast/service-kit/postgres/pipelined-transaction';
import { createPool, inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { migrateConsumers } from '../migrate.ts';
import { applyOnce } from '../runtime/apply/transaction.ts';
import { capturedEntities } from '../runtime/contract/captured-entity.ts';
import type { ConsumerDefinition } from '../runtime/contract/definition.ts';
import type { Delivery } from '../runtime/intake/delivery.ts';
import type { Encoders } from '../runtime/outbox/outbox.ts';
import { ensureFloors } from '../runtime/positions/claim.ts';
import type { Outcome } from '../runtime/positions/classify.ts';

const ATTEMPT_TIMEOUT_MS = 10_000;

/** A consumer on a database of its own, given changes by hand instead of by Kafka. */
export interface Harness {
  readonly pool: Pool;
  /** For what runs beside the changes, such as jobs. */
  readonly codec: Encoders;
  /**
   * Applies changes as the runtime does: all of one origin that come together in one transaction, each once.
   * @returns what became of each, in order
   * @throws what `decide` and `apply` throw, where the runtime would find the changes to blame and park them
   */
  deliver(changes: readonly Change[], options?: DeliverOptions): Promise<Outcome[]>;
  /** The events of a contract that took effect, oldest first. */
  published<T>(contract: Contract<T>): Promise<T[]>;
  /** Forgets positions, so that the next changes are the first; the consumer's own tables are the caller's to empty. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export interface DeliverOptions {
  /** The clock of the effects, Unix milliseconds; by default the real one. */
  readonly nowMs?: number;
  /** First offset whose report may not be acknowledged; by default that of the first change. */
  readonly openFrom?: bigint;
  /** As while a read model is rebuilt. */
  readonly suppressSideEffects?: boolean;
}

/** @param databaseUrl of an empty database, whose owner the user is */
export async function openHarness<Effect>(
  definition: ConsumerDefinition<Effect>,
  databaseUrl: string,
): Promise<Harness> {
  await migrateConsumers(databaseUrl, [definition]);
  const pool = createPool({
    url: databaseUrl,
    max: 6,
    applicationName: `bench-${definition.name}`,
    log: silentLogger(),
  });
  const codec = createCodec({ registry: createMemoryRegistry() });
  const entities = capturedEntities(definition, DEFAULT_TOPIC_PREFIX).map(({ entity }) => entity);
  const startUp = () => inTransaction(pool, (tx) => ensureFloors(tx, definition.name, entities));
  await startUp();
  return {
    pool,
    codec,
    async deliver(changes, { nowMs = Date.now(), suppressSideEffects = false, openFrom } = {}) {
      const consumer = suppressSideEffects ? withoutSideEffects(definition) : definition;
      const outcomes: Outcome[] = [];
      for (const run of runsOfOneOrigin(changes)) {
        const apply = inPipelinedTransaction(
          pool,
          (tx) =>
            applyOnce(consumer, run.map(asDelivered), tx, {
              nowMs,
              codec,
              openFrom: () => openFrom,
            }),
          { timeoutMs: ATTEMPT_TIMEOUT_MS },
        );
        outcomes.push(...(await apply));
      }
      return outcomes;
    },
    async published<T>(contract: Contract<T>) {
      const { rows } = await pool.query<{ value: Buffer }>(
        'select value from runtime.outbox where topic = $1 order by id',
        [contract.topic],
      );
      const decoded = rows.map(({ value }) => codec.decode(value, contract));
      return (await Promise.all(decoded)).map(({ value }) => value);
    },
    async forget() {
      await pool.query(
        `truncate runtime.guards, runtime.floors, runtime.batches, runtime.conflicts, runtime.outbox,
           runtime.shared_rows`,
      );
      await startUp();
    },
    async close() {
      codec.close();
      await pool.end();
    },
  };
}

function withoutSideEffects<Effect>(
  definition: ConsumerDefinition<Effect>,
): ConsumerDefinition<Effect> {
  const { ahead: _ahead, ...others } = definition;
  return {
    ...others,
    apply: (effects, context) =>
      definition.apply(effects, { ...context, suppressSideEffects: true }),
  };
}

function runsOfOneOrigin(changes: readonly Change[]): Change[][] {
  const runs: Change[][] = [];
  for (const change of changes) {
    const run = runs.at(-1);
    if (run?.[0]?.origin === change.origin) run.push(change);
    else runs.push([change]);
  }
  return runs;
}

/** With a record of no content, which only parking would look at. */
function asDelivered(change: Change): Delivery {
  const record = { ...change.record, key: null, value: null, headers: {}, timestampMs: 0 };
  return { record, change };
}
