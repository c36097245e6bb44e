import { captureWhole } from '@shelfcast/product-database/capture-table';
import {
  addCapturedTable,
  listCapturedTables,
  listRemovedTables,
  noteCapturedAgain,
  type Queryable,
  requireBackfill,
} from '@shelfcast/product-database/captured-tables';
import { ensurePublication } from '@shelfcast/product-database/publication';
import type pg from 'pg';
import { inCaptureTransaction } from './capture-transaction.ts';
import { OperationError } from './connect-error.ts';
import { withConnectorLock } from './connector-lock.ts';
import type { ConnectorContext } from './context.ts';
import { checkCapture } from './health/check-source.ts';
import { readDatabase } from './health/read-source.ts';
import { inspectTable, type TableFacts } from './inspect-table.ts';
import { assertNamesFit } from './names.ts';
import { registerConnector } from './register.ts';
import { refuseRowSecurity } from './row-security.ts';
import { sentence } from './status.ts';
import { formatTableName, type TableName } from './table-name.ts';
import { loadTemplate } from './template.ts';

export interface AddTableOptions {
  readonly table: TableName;
  /** Column whose value decides the partition; default the first of the primary key. */
  readonly routingColumn?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Begins to capture a table: grant, replica identity, publication, topic, connector, first snapshot.
 *
 * Nothing is lost: what commits after the table joined the publication is in the stream, what committed
 * before is read by the snapshot, which is only asked for when the connector streams the table already.
 * Nothing is repeated: a change is in the stream once; a row that is both streamed and read carries
 * positions that tell the two apart. The database's part is one transaction and the rest is
 * `registerConnector`, so running it again completes whatever was interrupted.
 *
 * @throws OperationError for a table that cannot be captured, before anything is changed
 */
export async function addTable(
  context: ConnectorContext,
  { table, routingColumn, timeoutMs }: AddTableOptions,
): Promise<void> {
  await withConnectorLock(context, `add-table ${formatTableName(table)}`, (locked) =>
    addLocked(locked, { table, routingColumn, timeoutMs }),
  );
}

async function addLocked(
  context: ConnectorContext,
  { table, routingColumn, timeoutMs }: AddTableOptions,
): Promise<void> {
  const { products, log } = context;
  const name = formatTableName(table);
  const facts = await inspectTable(products, table);
  // Where its topic is still there, so are its keys: they stay in their partitions.
  const before = (await listRemovedTables(products)).find(
    (removed) => formatTableName(removed) === name && !removed.topicDeleted,
  );
  assertNamesFit(table, {
    columns: facts.columns,
    template: loadTemplate(),
    prefix: context.settings.topicPrefix,
    captured: await listCapturedTables(products),
    topics: await context.admin.listTopics(),
  });
  const column = chooseRoutingColumn(facts, {
    name,
    routingColumn: routingColumn ?? before?.routingColumn,
  });
  if (before !== undefined && before.routingColumn !== column) {
    throw new OperationError(
      'ROUTING_COLUMN_FIXED',
      `${name} was captured before, routed by ${before.routingColumn}, and its topic is still there. That cannot change: keys would move to other partitions. PURGE=1 make connector-remove-table TABLE=${name} deletes the topic; then any column can route.`,
    );
  }
  await refuseChanged(products, name);
  await refuseRowSecurity(products, table);
  for (const warning of facts.warnings) log(`Warning: ${warning}`);

  const stored = await publish(products, { table, column });
  if (stored !== column) {
    throw new OperationError(
      'ROUTING_COLUMN_FIXED',
      `${name} is captured already, routed by ${stored}. That cannot change: keys would move to other partitions.`,
    );
  }
  log(`${name} is published, readable for Debezium, and routed by ${column}`);

  const { action, unread } = await registerConnector(context, { timeoutMs });
  log(`Connector ${action}`);
  const failed = unread.find((other) => formatTableName(other.table) === name);
  if (failed !== undefined) throw failed.error;
}

/** A table that was captured already and lost changes since: its first snapshot alone would leave rows that are gone. */
async function refuseChanged(products: pg.Pool, name: string): Promise<void> {
  const { capture } = await readDatabase(products);
  const lost =
    capture && checkCapture(capture).find((one) => one.subject === name && one.readAgain);
  if (lost) throw new OperationError('TABLE_CHANGED', sentence(lost));
}

function chooseRoutingColumn(
  { columns, primaryKey }: TableFacts,
  { name, routingColumn }: { readonly name: string; readonly routingColumn: string | undefined },
): string {
  const column = routingColumn ?? primaryKey[0] ?? '';
  if (!columns.includes(column)) {
    throw new OperationError(
      'NO_SUCH_COLUMN',
      `${name} has no column ${column}. It has ${columns.join(', ')}.`,
    );
  }
  // The transform reads a dotted path, and Debezium replaces what Avro does not allow in a name.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(column)) {
    throw new OperationError(
      'BAD_ROUTING_COLUMN',
      `Column "${column}" cannot route: only letters, digits and underscores can be used. Give another with KEY=column.`,
    );
  }
  return column;
}

/** The database's part, all or nothing. @returns the routing column the table has now */
async function publish(
  products: pg.Pool,
  { table, column }: { readonly table: TableName; readonly column: string },
): Promise<string> {
  return await inCaptureTransaction(products, table, async (connection) => {
    const stored = await addCapturedTable(connection, { ...table, routingColumn: column });
    const wasPublished = await isPublished(connection, table);
    await ensurePublication(connection);
    await captureWhole(connection, table);
    await noteCapturedAgain(connection, table);
    // Whatever was read of it before: what changed while it was not published is not in the stream.
    if (!wasPublished) await requireBackfill(connection, table);
    return stored.routingColumn;
  });
}

async function isPublished(db: Queryable, { schema, table }: TableName): Promise<boolean> {
  const { rowCount } = await db.query(
    "select from pg_publication_tables where pubname = 'shelfcast' and schemaname = $1 and tablename = $2",
    [schema, table],
  );
  return rowCount !== 0;
}
