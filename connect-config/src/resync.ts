import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { cdcTopic, entityOfTable } from '@shelfcast/schemas/topics';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type pg from 'pg';
import { OperationError } from './connect-error.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { deleteConnector } from './delete.ts';
import {
  beyondMarkers,
  endsOf,
  type Watermark,
  waitForInitialSnapshot,
} from './initial-snapshot.ts';
import { recapture } from './recapture.ts';
import { registerConnector } from './register.ts';
import { epochOf } from './render.ts';
import { planResync, type ResyncPlan } from './resync-plan.ts';
import { reportConnector } from './status.ts';
import { consumersBehind, listConsumers, newestAppliedEpoch, requestSweeps } from './sweeps.ts';
import { type SweptConsumers, waitForSweeps } from './wait-for-sweeps.ts';

export interface ResyncContext extends ConnectorContext {
  /** Where the consumers keep what they have applied, and take commands. */
  readonly consumers: pg.Pool;
  readonly admin: ConnectorContext['admin'] & Pick<KafkaAdmin, 'highWatermarks' | 'groupMembers'>;
}

export interface ResyncOptions {
  /** Also when nothing is wrong. */
  readonly force: boolean;
  /** Asked after the explanation, before anything is changed. */
  readonly confirm: () => Promise<boolean>;
  /** Who asks the consumers to sweep, for the record. */
  readonly requestedBy: string;
  /** The most keys that a consumer may remove although they are many; it says the number when it stops. */
  readonly confirmed?: number;
  /** Of the snapshot, and then of the sweep, each. */
  readonly timeoutMs?: number;
}

const INTENTIONS: Readonly<Record<Exclude<ResyncPlan['kind'], 'refuse'>, readonly string[]>> = {
  full: [
    'The connector goes, with its offsets and its replication slot.',
    'It is registered anew under a higher epoch, and reads every captured table completely.',
    'Each consumer, once it has handled all that, deletes the rows that were not seen again.',
    'Meanwhile consumers go on serving what they have; changes made during the snapshot follow it.',
  ],
  sweep: [
    'The connector stays as it is; its snapshot is waited for.',
    'Each consumer, once it has handled all that, deletes the rows that were not seen again.',
  ],
};

/**
 * Recovers from a stream that lacks changes: everything is read anew under a new epoch, and what was not seen again is
 * deleted by the consumers. Safe to interrupt at any step and to repeat: it goes on with what is left to do.
 *
 * @throws OperationError `NOTHING_TO_RESYNC` when nothing is wrong, `NOT_CONFIRMED`, and those of its steps
 */
export async function resync(
  context: ResyncContext,
  { force, confirm, requestedBy, confirmed = 0, timeoutMs = 3_600_000 }: ResyncOptions,
): Promise<SweptConsumers> {
  const { client, products, consumers, admin, settings, log } = context;
  const captured = await listCapturedTables(products);
  const topics = captured.map((table) => cdcTopic({ prefix: settings.topicPrefix, ...table }));
  const entities = captured.map(entityOfTable);
  const names = await listConsumers(consumers);
  const plan = await choosePlan(context, { force, entities, hasConsumers: names.length > 0 });
  if (plan.kind === 'refuse') throw new OperationError('NOTHING_TO_RESYNC', plan.because);

  for (const reason of [plan.because].flat()) log(reason);
  log('What happens now:');
  for (const [index, step] of INTENTIONS[plan.kind].entries()) log(`  ${index + 1}. ${step}`);
  if (!(await confirm())) throw new OperationError('NOT_CONFIRMED', 'Nothing was changed.');

  let before: Watermark[] | undefined;
  if (plan.kind === 'full') {
    const minimumEpoch = await higherEpoch(context, names.length > 0);
    await deleteConnector(context);
    await recapture(products, captured);
    before = await endsOf(admin, topics).catch(() => []); // a topic may not exist yet
    await registerConnector(context, { minimumEpoch });
  }
  const epoch = epochOf((await client.config(CONNECTOR)) ?? {});
  if (epoch === undefined) {
    throw new OperationError('NO_CONNECTOR', 'The connector was deleted meanwhile: make resync.');
  }
  log(`Epoch ${epoch}`);
  await waitForInitialSnapshot({ client, admin, topics, before, timeoutMs, onProgress: log });

  if (names.length === 0) {
    log('No consumer has run yet: there is nothing to sweep');
    return { done: [], missing: [] };
  }
  const watermarks = beyondMarkers(await endsOf(admin, topics), settings.exactlyOnceSource);
  const commands = await requestSweeps(consumers, {
    ...{ consumers: names, since: { epoch }, entities, watermarks, confirmed, requestedBy },
  });
  return await waitForSweeps({ consumers, admin, commands, timeoutMs, log });
}

async function choosePlan(
  context: ResyncContext,
  {
    force,
    entities,
    hasConsumers,
  }: {
    readonly force: boolean;
    readonly entities: readonly string[];
    readonly hasConsumers: boolean;
  },
): Promise<ResyncPlan> {
  const { client, consumers } = context;
  const config = await client.config(CONNECTOR);
  const { losses, problems } = await reportConnector(context);
  const epoch =
    (config && epochOf(config)) ?? (hasConsumers ? (await newestAppliedEpoch(consumers)) + 1n : 0n);
  return planResync({
    hasConnector: config !== undefined,
    losses,
    problems,
    consumersBehind: hasConsumers ? await consumersBehind(consumers, epoch, entities) : [],
    forced: force,
  });
}

/** Above every epoch that was used, also when the clock was set back or a resync follows another at once. */
async function higherEpoch(
  { client, consumers }: ResyncContext,
  hasConsumers: boolean,
): Promise<bigint> {
  const registered = epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n;
  const applied = hasConsumers ? await newestAppliedEpoch(consumers) : 0n;
  return (registered > applied ? registered : applied) + 1n;
}
