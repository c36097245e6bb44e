import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { cdcTopic, entityOfTable } from '@shelfcast/schemas/topics';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type pg from 'pg';
import { OperationError } from './connect-error.ts';
import { withConnectorLock } from './connector-lock.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { deleteConnector } from './delete.ts';
import { beyondMarkers, endsOf } from './initial-snapshot.ts';
import { recapture } from './recapture.ts';
import { registerConnector } from './register.ts';
import { epochOf } from './render.ts';
import { planResync, type ResyncPlan } from './resync-plan.ts';
import { type FirstReads, finishFirstReads, listWaiting } from './snapshot/first-reads.ts';
import { reportConnector } from './status.ts';
import { consumersBehind, listConsumers, newestAppliedEpoch, requestSweeps } from './sweeps.ts';
import { formatTableName } from './table-name.ts';
import { type SweptConsumers, waitForSweeps } from './wait-for-sweeps.ts';

export interface ResyncContext extends ConnectorContext {
  /** Where the consumers keep what they have applied, and take commands. */
  readonly consumers: pg.Pool;
  readonly admin: ConnectorContext['admin'] & Pick<KafkaAdmin, 'groupMembers'>;
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
    'It is registered again under a higher epoch, and reads every captured table completely.',
    'Each consumer, once it has handled all that, deletes the rows that were not seen again.',
    'Meanwhile consumers go on serving what they have; changes made during the snapshot follow it.',
  ],
  sweep: [
    'The connector stays as it is; its snapshot is waited for.',
    'Each consumer, once it has handled all that, deletes the rows that were not seen again.',
  ],
};

/**
 * Recovers from a stream that lacks changes: everything is read again under a new epoch, and what was not seen again is
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

  const commands = await withConnectorLock(context, 'resync', async (locked) => {
    // Another resync may have gone before, while this one waited.
    const { kind } = force
      ? plan
      : await choosePlan(locked, { force, entities, hasConsumers: names.length > 0 });
    if (kind === 'full') {
      const minimumEpoch = await higherEpoch(locked, names.length > 0);
      await deleteConnector(locked);
      await recapture(products, captured);
      refuseUnread(await registerConnector(locked, { minimumEpoch, timeoutMs }));
    }
    const epoch = epochOf((await client.config(CONNECTOR)) ?? {});
    if (epoch === undefined) {
      throw new OperationError('NO_CONNECTOR', 'The connector was deleted meanwhile: make resync.');
    }
    log(`Epoch ${epoch}`);
    if (kind !== 'full') refuseUnread(await finishFirstReads(locked, { epoch, timeoutMs }));
    if (names.length === 0) return new Map<string, string>();
    const watermarks = beyondMarkers(await endsOf(admin, topics), settings.exactlyOnceSource);
    return await requestSweeps(consumers, {
      ...{ consumers: names, since: { epoch }, entities, watermarks, confirmed, requestedBy },
    });
  });
  if (names.length === 0) {
    log('No consumer has run yet: there is nothing to sweep');
    return { done: [], missing: [] };
  }
  return await waitForSweeps({ consumers, admin, commands, timeoutMs, log });
}

/** What a snapshot has not shown would be taken for deleted. */
function refuseUnread({ unread }: FirstReads): void {
  if (unread.length === 0) return;
  const names = unread.map(({ table }) => formatTableName(table)).join(', ');
  throw new OperationError(
    'NOT_READ',
    `${names} could not be read whole, so nothing is removed from any read model. When what is said above is mended, make resync goes on with what is left to do.`,
    { retriable: true, cause: unread[0]?.error },
  );
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
    waiting: (await listWaiting(context.products)).map(formatTableName),
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
