import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { OperationError } from './connect-error.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { readTable, readTables, type TableRead, type TableReads } from './snapshot/read-tables.ts';
import { formatTableName, type TableName, tableArgument } from './table-name.ts';
import { haltOf, isRunning } from './wait-until.ts';

/**
 * Reads captured tables again, each whole. The stream of changes goes on meanwhile.
 *
 * @throws OperationError `TABLE_NOT_CAPTURED`, `CONNECTOR_NOT_RUNNING` before anything is read
 */
export async function snapshotTables(
  context: ConnectorContext,
  { tables, timeoutMs }: { readonly tables: readonly TableName[]; readonly timeoutMs?: number },
): Promise<TableReads> {
  await assertCaptured(context, tables);
  await assertConnectorRuns(context);
  return await readTables(context, { tables, timeoutMs });
}

/**
 * Reads one captured table again.
 *
 * @throws OperationError as `snapshotTables`, or why it was not read whole
 */
export async function snapshotTable(
  context: ConnectorContext,
  { table, timeoutMs }: { readonly table: TableName; readonly timeoutMs?: number },
): Promise<TableRead> {
  await assertCaptured(context, [table]);
  await assertConnectorRuns(context);
  return await readTable(context, { table, timeoutMs });
}

async function assertCaptured(
  { products }: Pick<ConnectorContext, 'products'>,
  tables: readonly TableName[],
): Promise<void> {
  const captured = (await listCapturedTables(products)).map(formatTableName);
  const missing = tables.map(formatTableName).filter((name) => !captured.includes(name));
  if (missing.length === 0) return;
  const are = missing.length === 1 ? 'is' : 'are';
  const adds = missing.length === 1 ? 'adds it' : 'adds them';
  throw new OperationError(
    'TABLE_NOT_CAPTURED',
    `${missing.join(', ')} ${are} not captured. Captured are ${captured.join(', ')}; make connector-add-table ${tableArgument(missing.join(','))} ${adds}.`,
  );
}

/** @throws OperationError `CONNECTOR_NOT_RUNNING`: nothing would be read */
export async function assertConnectorRuns({
  client,
}: Pick<ConnectorContext, 'client'>): Promise<void> {
  const status = await client.status(CONNECTOR);
  const halt = status === undefined ? undefined : haltOf(status);
  if (halt !== undefined) throw new OperationError('CONNECTOR_NOT_RUNNING', halt);
  if (status !== undefined && isRunning(status)) return;
  throw new OperationError(
    'CONNECTOR_NOT_RUNNING',
    'The connector is not running, so nothing would be read: make connector-register, or make connector-status for the reason.',
  );
}
