import {
  type CapturedTable,
  listCapturedTables,
  type Queryable,
  requireBackfill,
} from '@shelfcast/product-database/captured-tables';
import { OperationError } from './connect-error.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { checkCapture } from './health/check-source.ts';
import { readDatabase } from './health/read-source.ts';
import { REGISTER_LOCK } from './registration-lock.ts';
import { type ConnectorConfig, epochOf, renderConnector } from './render.ts';
import { currentLsn } from './replication-slot.ts';
import { requestSnapshot } from './snapshot.ts';
import { sentence } from './status.ts';
import { formatTableName } from './table-name.ts';
import { loadTemplate } from './template.ts';
import { ensureDeclaredTopics } from './topics.ts';
import { validateConnector } from './validate.ts';
import { waitUntilRunning, waitUntilStopped } from './wait-until.ts';

export interface RegisterResult {
  readonly action: 'created' | 'updated' | 'unchanged';
  readonly epoch: bigint;
  /** End of the WAL after a first snapshot was asked for; undefined when no table waited for one. */
  readonly snapshotRequestedLsn: bigint | undefined;
}

/**
 * Brings the connector into the state that the captured tables and the settings ask for: topics,
 * configuration, RUNNING connector and task, first snapshots. Safe to repeat and to interrupt; a
 * connector that is as it should be is not touched.
 *
 * @param now decides the epoch of a connector that is registered for the first time
 * @param minimumEpoch the least it may be, whatever the clock says
 * @throws OperationError with the reason in words
 */
export async function registerConnector(
  context: ConnectorContext,
  {
    now = new Date(),
    minimumEpoch = 0n,
  }: { readonly now?: Date; readonly minimumEpoch?: bigint } = {},
): Promise<RegisterResult> {
  const lock = await context.products.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [REGISTER_LOCK]);
    const clockEpoch = BigInt(Math.floor(now.getTime() / 1000));
    return await register(context, clockEpoch > minimumEpoch ? clockEpoch : minimumEpoch);
  } finally {
    lock.release(true); // ends the session, and with it the lock
  }
}

async function register(context: ConnectorContext, newEpoch: bigint): Promise<RegisterResult> {
  const { client, products, admin, settings, log } = context;
  const all = await listCapturedTables(products);
  const capturedTables = await ensureDeclaredTopics(admin, { settings, capturedTables: all, log });

  const current = await client.config(CONNECTOR);
  const epoch = (current === undefined ? undefined : epochOf(current)) ?? newEpoch;
  const wanted = renderConnector({ template: loadTemplate(), capturedTables, epoch, settings });
  const action =
    current === undefined ? 'created' : differs(current, wanted) ? 'updated' : 'unchanged';

  if (action !== 'unchanged') await refuseInvalid(context, wanted);
  if (action === 'created') await create(context, wanted);
  if (action === 'updated') await update(context, wanted);
  if (action === 'unchanged') await revive(context);
  await waitUntilRunning({ client, connector: CONNECTOR });

  const snapshotRequested = await requestBackfill(context, capturedTables);
  // What is left out for its topic is read when it is let in.
  for (const table of all)
    if (!capturedTables.includes(table)) await requireBackfill(products, table);
  // Debezium goes on trying without end what the database refuses, and is RUNNING all the while.
  const { capture } = await readDatabase(products);
  for (const finding of capture === undefined ? [] : checkCapture(capture)) {
    if (finding.level === 'problem') log(`Warning: ${sentence(finding)}`);
  }
  return {
    action,
    epoch,
    snapshotRequestedLsn: snapshotRequested ? await currentLsn(products) : undefined,
  };
}

/**
 * A new connector starts stopped, so that offsets of one that was deleted by hand can be dropped: an
 * epoch begins with a full snapshot.
 */
async function create(
  { client, products, log }: ConnectorContext,
  config: ConnectorConfig,
): Promise<void> {
  await client.createStopped(CONNECTOR, config);
  await waitUntilStopped({ client, connector: CONNECTOR });
  if ((await client.offsets(CONNECTOR)).length > 0) {
    await client.deleteOffsets(CONNECTOR);
    log('Dropped the offsets of an earlier connector: a full snapshot follows');
  }
  // The initial snapshot reads every captured table.
  await products.query(
    'update shelfcast.captured_tables set backfill_requested_at = now() where backfill_requested_at is null',
  );
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

/** Asks for the first snapshot of tables that were added; once, and not lost, because both are one transaction. */
async function requestBackfill(
  { products, log }: ConnectorContext,
  capturedTables: readonly CapturedTable[],
): Promise<boolean> {
  const connection = await products.connect();
  try {
    await connection.query('begin');
    const waiting = await takeWaiting(connection);
    const tables = capturedTables.filter((table) => waiting.has(formatTableName(table)));
    if (tables.length > 0) await requestSnapshot(connection, tables);
    await connection.query('commit');
    if (tables.length > 0) {
      log(`Asked for the first snapshot of ${tables.map(formatTableName).join(', ')}`);
    }
    return tables.length > 0;
  } catch (error) {
    await connection.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}

async function takeWaiting(db: Queryable): Promise<Set<string>> {
  const { rows } = await db.query<{ table_schema: string; table_name: string }>(
    `update shelfcast.captured_tables set backfill_requested_at = now()
     where backfill_requested_at is null returning table_schema, table_name`,
  );
  return new Set(
    rows.map((row) => formatTableName({ schema: row.table_schema, table: row.table_name })),
  );
}

/** Kafka Connect adds the connector's name to what it was given. */
function differs(current: ConnectorConfig, wanted: ConnectorConfig): boolean {
  const { name: _, ...rest } = current;
  const names = new Set([...Object.keys(rest), ...Object.keys(wanted)]);
  return [...names].some((name) => rest[name] !== wanted[name]);
}
