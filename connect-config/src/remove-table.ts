import {
  listCapturedTables,
  listRemovedTables,
  noteRemovalFinished,
  noteTopicDeleted,
  removeCapturedTable,
} from '@shelfcast/product-database/captured-tables';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import { cdcTopic, entityOfTable } from '@shelfcast/schemas/topics';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import pg from 'pg';
import { OperationError } from './connect-error.ts';
import { withConnectorLock } from './connector-lock.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { withoutTablesBeingRead } from './incremental-snapshot-offset.ts';
import { assertNothingParked, forgetTopic, readersOf, withoutSweepOf } from './readers.ts';
import { includesTable, withTables } from './render.ts';
import { currentLsn } from './replication-slot.ts';
import { describeTables } from './snapshot/ask.ts';
import { formatTableName, type TableName, tableArgument, tableOfIdentifier } from './table-name.ts';
import { waitUntilRead, waitUntilStopped } from './wait-until.ts';

export interface RemoveTableContext extends Pick<ConnectorContext, 'client' | 'products' | 'log'> {
  readonly settings: Pick<ConnectorContext['settings'], 'topicPrefix'>;
  /** Where the consumers keep what they have applied, and take commands. */
  readonly consumers: pg.Pool;
  readonly admin: Pick<KafkaAdmin, 'listTopics' | 'deleteTopics'>;
}

export interface RemoveTablesOptions {
  readonly tables: readonly TableName[];
  /** Delete their topics, too. */
  readonly purge?: boolean;
  /** Who asks for it, for the record. */
  readonly removedBy: string;
  readonly reason?: string;
  /** How long to wait for the others to flow again. */
  readonly timeoutMs?: number;
}

/**
 * Ends the capture of tables: captured tables, connector (list of tables, routing, half-read incremental snapshots in its
 * offsets) by one change for all, publication, grant; with `purge` their topics. The others go on from where they stood,
 * without a resync, also when a record of these is what the connector stands at: changes that are still in the WAL are not
 * decoded any more. Works for tables that do not exist any more, too. Each step is left out where it is done already, so
 * running it again completes what was interrupted.
 *
 * @throws OperationError `TABLE_NOT_CAPTURED`, `LAST_TABLE`, `CHANGES_PARKED` before anything is changed; `TABLE_BUSY`
 *   when only the publication is left to do
 */
export async function removeTables(
  context: RemoveTableContext,
  options: RemoveTablesOptions,
): Promise<void> {
  await withConnectorLock(context, `remove-table ${describeTables(options.tables)}`, (locked) =>
    remove(locked, options),
  );
}

/** Ends the capture of one table, as `removeTables`. */
export async function removeTable(
  context: RemoveTableContext,
  { table, ...options }: Omit<RemoveTablesOptions, 'tables'> & { readonly table: TableName },
): Promise<void> {
  await removeTables(context, { ...options, tables: [table] });
}

async function remove(
  context: RemoveTableContext,
  { tables, purge = false, removedBy, reason, timeoutMs = 60_000 }: RemoveTablesOptions,
): Promise<void> {
  const { products, consumers, admin, settings } = context;
  const topicOf = (table: TableName) => cdcTopic({ prefix: settings.topicPrefix, ...table });
  await assertRemovable(context, tables);
  const topics = await admin.listTopics();
  for (const table of tables) {
    const topic = topicOf(table);
    if (purge && topics.includes(topic)) {
      await assertNothingParked(consumers, { name: formatTableName(table), topic });
    }
  }

  for (const table of tables) {
    await removeCapturedTable(products, table, { removedBy, reason: reason ?? null });
  }
  const lsn = await takeFromConnector(context, tables);
  let busy: unknown;
  for (const table of tables) {
    await withoutSweepOf(consumers, { entity: entityOfTable(table), topic: topicOf(table) });
    try {
      await unpublish(products, table);
      await noteRemovalFinished(products, table);
    } catch (error) {
      busy ??= error;
    }
  }
  if (busy !== undefined) throw busy;
  if (lsn !== undefined) await waitForTheOthers(context, { tables, lsn, timeoutMs });
  for (const table of tables) {
    await leave(context, table, { purge, topicExists: topics.includes(topicOf(table)) });
  }
}

/** What becomes of what is left of a table. */
async function leave(
  { products, consumers, admin, settings, log }: RemoveTableContext,
  table: TableName,
  { purge, topicExists }: { readonly purge: boolean; readonly topicExists: boolean },
): Promise<void> {
  const name = formatTableName(table);
  const topic = cdcTopic({ prefix: settings.topicPrefix, ...table });
  log(`${name} is not captured any more`);
  const readers = await readersOf(consumers, entityOfTable(table));
  if (readers.length > 0) {
    log(`It is read by ${readers.join(', ')}: what they have of it stays as it is now`);
  }
  if (purge) {
    await admin.deleteTopics([topic]);
    await forgetTopic(consumers, topic);
    await noteTopicDeleted(products, table);
    log(topicExists ? `Deleted topic ${topic}` : `There is no topic ${topic}`);
  } else if (topicExists) {
    log(
      `Its topic ${topic} stays; PURGE=1 make connector-remove-table ${tableArgument(name)} deletes it`,
    );
  }
  log(`make connector-add-table ${tableArgument(name)} captures it again`);
}

async function assertRemovable(
  { client, products }: RemoveTableContext,
  tables: readonly TableName[],
): Promise<void> {
  const captured = await listCapturedTables(products);
  const config = await client.config(CONNECTOR);
  const known = new Set([...captured, ...(await listRemovedTables(products))].map(formatTableName));
  const unknown = tables.filter(
    (table) =>
      !known.has(formatTableName(table)) && !(config !== undefined && includesTable(config, table)),
  );
  if (unknown.length > 0) {
    throw new OperationError(
      'TABLE_NOT_CAPTURED',
      `${unknown.map(formatTableName).join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not captured. Captured are ${captured.map(formatTableName).join(', ')}.`,
    );
  }
  const going = new Set(tables.map(formatTableName));
  const isCaptured = (table: TableName) =>
    config === undefined
      ? captured.some((one) => formatTableName(one) === formatTableName(table))
      : includesTable(config, table);
  if (!tables.some(isCaptured)) return;
  const stays = captured.filter((one) => !going.has(formatTableName(one)) && isCaptured(one));
  if (stays.length > 0) return;
  throw new OperationError(
    'LAST_TABLE',
    `${tables.length === 1 ? `${describeTables(tables)} is the only table` : `These ${tables.length} are all the tables`} that the connector captures, and it needs one: make connector-add-table TABLE=… adds another first; make connector-delete ends the capture altogether.`,
  );
}

/**
 * The connector's part, while it is stopped: its next task knows nothing of the table.
 * @returns end of the WAL when it went on; undefined when there was nothing to do
 */
async function takeFromConnector(
  { client, products, log }: RemoveTableContext,
  tables: readonly TableName[],
): Promise<bigint | undefined> {
  const config = await client.config(CONNECTOR);
  if (config === undefined) return undefined;
  const status = await client.status(CONNECTOR);
  const isStopped = status?.connector.state === 'STOPPED';
  const included = tables.filter((table) => includesTable(config, table));
  if (included.length > 0) {
    await client.stop(CONNECTOR);
    await waitUntilStopped({ client, connector: CONNECTOR });
    const wanted = withTables(config, await listCapturedTables(products));
    await withoutHalfReadSnapshot(client, wanted);
    await client.putConfig(CONNECTOR, wanted);
    log(
      `The connector has ${included.length === 1 ? 'it' : describeTables(included)} in its configuration no longer`,
    );
  } else if (!isStopped) return undefined;
  await client.resume(CONNECTOR);
  return await currentLsn(products);
}

/** @throws OperationError `CONNECTOR_FAILED`: something else keeps it from going on */
async function waitForTheOthers(
  { client, log }: RemoveTableContext,
  {
    tables,
    lsn,
    timeoutMs,
  }: { readonly tables: readonly TableName[]; readonly lsn: bigint; readonly timeoutMs: number },
): Promise<void> {
  try {
    const all = await waitUntilRead({ client, connector: CONNECTOR, lsn, timeoutMs });
    log(
      all
        ? 'The others flow: all that was written before is in Kafka'
        : 'The connector runs and is still behind (make connector-status)',
    );
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    throw new OperationError(
      error.code,
      `${describeTables(tables)} ${tables.length === 1 ? 'is' : 'are'} taken out, and the connector has failed again: ${error.message}\nOnce that is mended, make connector-remove-table ${tableArgument(tables.map(formatTableName).join(','))} finishes the rest.`,
      { cause: error },
    );
  }
}

/** Takes what the configuration does not capture out of the incremental snapshot that the stored offset is amidst of. */
async function withoutHalfReadSnapshot(
  client: RemoveTableContext['client'],
  config: Parameters<typeof includesTable>[0],
): Promise<void> {
  const offsets = await client.offsets(CONNECTOR);
  const changed = offsets.flatMap(({ partition, offset }) => {
    if (offset === null) return [];
    const without = withoutTablesBeingRead(offset, (name) =>
      includesTable(config, tableOfIdentifier(name)),
    );
    return without === undefined ? [] : [{ partition, offset: without }];
  });
  if (changed.length > 0) await client.alterOffsets(CONNECTOR, changed);
}

const LOCK_NOT_AVAILABLE = '55P03';

async function unpublish(products: pg.Pool, table: TableName): Promise<void> {
  const { rows } = await products.query<{ published: boolean; is_owner: boolean }>(
    `select exists (select from pg_publication_tables p where p.pubname = 'shelfcast'
                    and p.schemaname = $1 and p.tablename = $2) as published,
            pg_has_role(c.relowner, 'usage') as is_owner
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`,
    [table.schema, table.table],
  );
  const [relation] = rows;
  if (relation === undefined) return; // what is dropped is in no publication
  const identifier = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.table)}`;
  try {
    await inTransaction(products, async (tx) => {
      await tx.query("set local lock_timeout = '5s'");
      if (relation.published) {
        await tx.query(`alter publication shelfcast drop table ${identifier}`);
      }
      if (relation.is_owner) {
        await tx.query(`revoke select on ${identifier} from ${pg.escapeIdentifier(DEBEZIUM_ROLE)}`);
      }
    });
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    const name = formatTableName(table);
    throw new OperationError(
      'TABLE_BUSY',
      `${name} is not captured any more, but something else holds it, so it is still in the publication. make connector-remove-table ${tableArgument(name)} again finishes that.`,
      { retriable: true, cause: error },
    );
  }
}
