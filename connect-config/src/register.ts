import { listCapturedTables, requireBackfill } from '@shelfcast/product-database/captured-tables';
import { ensureOwnTables } from '@shelfcast/product-database/own-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { OperationError } from './connect-error.ts';
import { withConnectorLock } from './connector-lock.ts';
import { CONNECTOR, type ConnectorContext, SLOT } from './context.ts';
import { slotWait } from './health/check-slot.ts';
import { checkCapture } from './health/check-source.ts';
import { readDatabase } from './health/read-source.ts';
import { endsOf, type Watermark } from './initial-snapshot.ts';
import { type ConnectorConfig, epochOf, renderConnector } from './render.ts';
import { readSlot } from './replication-slot.ts';
import {
  expectInitialSnapshot,
  type FirstReads,
  finishFirstReads,
} from './snapshot/first-reads.ts';
import { sentence } from './status.ts';
import type { TableName } from './table-name.ts';
import { loadTemplate } from './template.ts';
import { ensureDeclaredTopics } from './topics.ts';
import { validateConnector } from './validate.ts';
import { waitUntilRunning, waitUntilStopped } from './wait-until.ts';

/** With the tables that were not read whole before. */
export interface RegisterResult extends FirstReads {
  readonly action: 'created' | 'updated' | 'unchanged';
  readonly epoch: bigint;
  /** What is wrong with captured tables all the same, each with what mends it. */
  readonly warnings: readonly string[];
}

/**
 * Brings the connector into the state that the captured tables and the settings ask for: topics,
 * configuration, RUNNING connector and task, first snapshots of which every key was checked. Safe to repeat and to
 * interrupt; a connector that is as it should be is not touched. A table that cannot be read is in the result.
 *
 * @param now decides the epoch of a connector that is registered for the first time
 * @param minimumEpoch the least it may be, even with a clock that is behind
 * @throws OperationError with the reason in words
 */
export async function registerConnector(
  context: ConnectorContext,
  {
    now = new Date(),
    minimumEpoch = 0n,
    leave,
    timeoutMs,
  }: {
    readonly now?: Date;
    readonly minimumEpoch?: bigint;
    /** Tables that the caller reads by itself, whether they were read before or not. */
    readonly leave?: readonly TableName[];
    readonly timeoutMs?: number | undefined;
  } = {},
): Promise<RegisterResult> {
  return await withConnectorLock(context, 'registering the connector', async (locked) => {
    const clockEpoch = BigInt(Math.floor(now.getTime() / 1000));
    return await register(locked, {
      newEpoch: clockEpoch > minimumEpoch ? clockEpoch : minimumEpoch,
      leave,
      timeoutMs,
    });
  });
}

async function register(
  context: ConnectorContext,
  {
    newEpoch,
    leave,
    timeoutMs,
  }: {
    readonly newEpoch: bigint;
    readonly leave: readonly TableName[] | undefined;
    readonly timeoutMs: number | undefined;
  },
): Promise<RegisterResult> {
  const { client, products, admin, settings, log } = context;
  const made = await inTransaction(products, ensureOwnTables);
  if (made.length > 0) log(`Made ${made.join(', ')} again`);
  const all = await listCapturedTables(products);
  const capturedTables = await ensureDeclaredTopics(admin, { settings, capturedTables: all, log });

  const current = await client.config(CONNECTOR);
  const epoch = (current === undefined ? undefined : epochOf(current)) ?? newEpoch;
  const wanted = renderConnector({ template: loadTemplate(), capturedTables, epoch, settings });
  const action =
    current === undefined ? 'created' : differs(current, wanted) ? 'updated' : 'unchanged';

  if (action !== 'unchanged') await refuseInvalid(context, wanted);
  let before: Watermark[] | undefined;
  if (action === 'created') {
    before = await endsOf(
      admin,
      capturedTables.map((table) => cdcTopic({ prefix: settings.topicPrefix, ...table })),
    );
    await create(context, wanted, epoch);
  }
  if (action === 'updated') await update(context, wanted);
  if (action === 'unchanged') await revive(context);
  await waitUntilRunning({
    ...{ client, connector: CONNECTOR, log },
    heldUpBy: async () => slotWait(await readSlot(products, SLOT)),
  });

  // What is left out for its topic is read when it is let in.
  for (const table of all)
    if (!capturedTables.includes(table)) await requireBackfill(products, table);
  const reads = await finishFirstReads(context, { epoch, before, leave, timeoutMs });
  // Debezium goes on trying without end what the database refuses, and is RUNNING all the while.
  const { capture } = await readDatabase(products);
  const found = capture === undefined ? [] : checkCapture(capture);
  const warnings = found.filter(({ level }) => level === 'problem').map(sentence);
  for (const warning of warnings) log(`Warning: ${warning}`);
  return { action, epoch, warnings, ...reads };
}

/**
 * A new connector starts stopped, so that offsets of one that was deleted by hand can be dropped: an
 * epoch begins with a full snapshot.
 */
async function create(
  { client, products, log }: ConnectorContext,
  config: ConnectorConfig,
  epoch: bigint,
): Promise<void> {
  await client.createStopped(CONNECTOR, config);
  await waitUntilStopped({ client, connector: CONNECTOR });
  if ((await client.offsets(CONNECTOR)).length > 0) {
    await client.deleteOffsets(CONNECTOR);
    log('Dropped the offsets of an earlier connector: a full snapshot follows');
  }
  await inTransaction(products, (tx) => expectInitialSnapshot(tx, epoch));
  await client.resume(CONNECTOR);
}

/**
 * Stops before it changes anything: a RUNNING state seen afterwards is then certainly the new one's,
 * and no signal can reach a task that does not know the new tables yet.
 */
async function update({ client }: ConnectorContext, config: ConnectorConfig): Promise<void> {
  await client.stop(CONNECTOR);
  await waitUntilStopped({ client, connector: CONNECTOR });
  await client.putConfig(CONNECTOR, config);
  await client.resume(CONNECTOR);
}

async function revive({ client, log }: ConnectorContext): Promise<void> {
  const status = await client.status(CONNECTOR);
  if (status === undefined) return;
  if (status.connector.state === 'PAUSED' || status.connector.state === 'STOPPED') {
    log(`The connector was ${status.connector.state}: resuming`);
    await client.resume(CONNECTOR);
  } else if ([status.connector, ...status.tasks].some(({ state }) => state === 'FAILED')) {
    log('A task had failed: restarting');
    await client.restart(CONNECTOR, { onlyFailed: true });
  }
}

async function refuseInvalid(context: ConnectorContext, config: ConnectorConfig): Promise<void> {
  const { errors } = await validateConnector(context.client, config);
  if (errors.length === 0) return;
  const lines = errors.map(({ property, problem }) => `  ${property}: ${problem}`);
  throw new OperationError(
    'CONNECTOR_INVALID',
    `Kafka Connect does not accept the connector's configuration:\n${lines.join('\n')}`,
  );
}

/** Kafka Connect adds the connector's name to what it was given. */
function differs(current: ConnectorConfig, wanted: ConnectorConfig): boolean {
  const { name: _, ...rest } = current;
  const names = new Set([...Object.keys(rest), ...Object.keys(wanted)]);
  return [...names].some((name) => rest[name] !== wanted[name]);
}
