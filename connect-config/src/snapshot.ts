import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { OperationError } from './connect-error.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { describeRead } from './snapshot/first-reads.ts';
import { readTable, type TableRead } from './snapshot/read-table.ts';
import { formatTableName, type TableName } from './table-name.ts';
import { haltOf, isRunning } from './wait-until.ts';

/**
 * Reads a captured table again, whole. The stream of changes goes on meanwhile.
 *
 * @throws OperationError
 */
export async function snapshotTable(
  context: ConnectorContext,
  { table, timeoutMs }: { readonly table: TableName; readonly timeoutMs?: number },
): Promise<TableRead> {
  await assertCaptured(context, table);
  await assertConnectorRuns(context);
  const read = await readTable(context, { table, timeoutMs });
  context.log(describeRead(read));
  return read;
}

async function assertCaptured(
  { products }: Pick<ConnectorContext, 'products'>,
  table: TableName,
): Promise<void> {
  const captured = await listCapturedTables(products);
  const name = formatTableName(table);
  if (captured.some((other) => formatTableName(other) === name)) return;
  throw new OperationError(
    'TABLE_NOT_CAPTURED',
    `${name} is not captured. Captured are ${captured.map(formatTableName).join(', ')}; make connector-add-table TABLE=${name} adds it.`,
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
