import { captureWhole } from '@shelfcast/product-database/capture-table';
import {
  addCapturedTable,
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
import { type PlannedTable, planCapture } from './plan-capture.ts';
import { registerConnector } from './register.ts';
import { describeTables } from './snapshot/ask.ts';
import type { TableFailure } from './table-failure.ts';
import { formatTableName, type TableName } from './table-name.ts';

export interface AddTablesOptions {
  readonly tables: readonly TableName[];
  /** Names of those that have to be capturable, or nothing is changed; default all. The others are left out then. */
  readonly named?: ReadonlySet<string> | undefined;
  /** Column whose value decides the partition; default the first of each primary key. */
  readonly routingColumn?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface AddedTables {
  /** Captured, and read whole. */
  readonly added: readonly TableName[];
  /** Left out, or not read yet. */
  readonly left: readonly TableFailure[];
}

/**
 * Begins to capture tables: grant, replica identity and publication of each, then topics, one change of the connector and
 * one snapshot for all.
 *
 * Nothing is lost: what commits after a table joined the publication is in the stream, what committed before is read by
 * the snapshot, which is only asked for when the connector streams the table already. Nothing is repeated: a change is in
 * the stream once; a row that is both streamed and read carries positions that tell the two apart. The database's part of
 * a table is one transaction and the rest is `registerConnector`, so running it again completes what was interrupted.
 *
 * @throws OperationError for named tables that cannot be captured, all of them, before anything is changed
 */
export async function addTables(
  context: ConnectorContext,
  options: AddTablesOptions,
): Promise<AddedTables> {
  return await withConnectorLock(context, `add-table ${describeTables(options.tables)}`, (locked) =>
    addLocked(locked, options),
  );
}

/**
 * Begins to capture one table, as `addTables`.
 *
 * @throws OperationError also where it is captured and not read whole
 */
export async function addTable(
  context: ConnectorContext,
  { table, ...options }: Omit<AddTablesOptions, 'tables' | 'named'> & { readonly table: TableName },
): Promise<void> {
  const { left } = await addTables(context, { ...options, tables: [table] });
  const [failed] = left;
  if (failed !== undefined) throw failed.error;
}

async function addLocked(
  context: ConnectorContext,
  { tables, named, routingColumn, timeoutMs }: AddTablesOptions,
): Promise<AddedTables> {
  const { products, log } = context;
  const { planned, refused } = await planCapture(context, { tables, routingColumn });
  refuseNamed(refused, named);
  const left = [...refused];
  for (const { table } of refused) log(`${formatTableName(table)} is left out`);

  const published: TableName[] = [];
  for (const one of planned) {
    for (const warning of one.warnings) log(`Warning: ${warning}`);
    try {
      await publish(products, one);
    } catch (error) {
      if (!(error instanceof OperationError) || planned.length === 1) throw error;
      left.push({ table: one.table, error });
      continue;
    }
    published.push(one.table);
    const already = one.isCaptured ? 'captured already, ' : '';
    log(
      `${formatTableName(one.table)} is ${already}published, readable for Debezium, and routed by ${one.routingColumn}`,
    );
  }
  if (published.length === 0) return { added: [], left };

  const { action, unread } = await registerConnector(context, { timeoutMs });
  log(`Connector ${action}`);
  const failed = new Map(unread.map((one) => [formatTableName(one.table), one]));
  const added: TableName[] = [];
  for (const table of published) {
    const failure = failed.get(formatTableName(table));
    if (failure === undefined) added.push(table);
    else left.push(failure);
  }
  return { added, left };
}

function refuseNamed(
  refused: readonly TableFailure[],
  named: ReadonlySet<string> | undefined,
): void {
  const all = refused.filter(({ table }) => named?.has(formatTableName(table)) ?? true);
  const [first] = all;
  if (first === undefined) return;
  if (all.length === 1) throw first.error;
  throw new OperationError(
    'TABLES_REFUSED',
    [
      `${all.length} of the tables cannot be captured, and nothing was changed:`,
      ...all.map(({ error }) => `! ${error.message}`),
    ].join('\n'),
  );
}

/** The database's part of one table, all or nothing. */
async function publish(products: pg.Pool, { table, routingColumn }: PlannedTable): Promise<void> {
  await inCaptureTransaction(products, table, async (connection) => {
    await addCapturedTable(connection, { ...table, routingColumn });
    const wasPublished = await isPublished(connection, table);
    await ensurePublication(connection);
    await captureWhole(connection, table);
    await noteCapturedAgain(connection, table);
    // Also if it was read before: what changed while it was not published is not in the stream.
    if (!wasPublished) await requireBackfill(connection, table);
  });
}

async function isPublished(db: Queryable, { schema, table }: TableName): Promise<boolean> {
  const { rowCount } = await db.query(
    "select from pg_publication_tables where pubname = 'shelfcast' and schemaname = $1 and tablename = $2",
    [schema, table],
  );
  return rowCount !== 0;
}
