import {
  listCapturedTables,
  listRemovedTables,
  type RemovedTable,
} from '@shelfcast/product-database/captured-tables';
import { OperationError } from './connect-error.ts';
import type { ConnectorContext } from './context.ts';
import { checkCapture } from './health/check-source.ts';
import { readDatabase } from './health/read-source.ts';
import { inspectTable, type TableFacts } from './inspect-table.ts';
import { assertNamesFit, fieldName } from './names.ts';
import { describeRowSecurity, findRowSecurity } from './row-security.ts';
import { sentence } from './status.ts';
import type { TableFailure } from './table-failure.ts';
import { formatTableName, type TableName, tableArgument } from './table-name.ts';
import { loadTemplate } from './template.ts';

/** A table that can be captured, and how. */
export interface PlannedTable {
  readonly table: TableName;
  readonly routingColumn: string;
  readonly isCaptured: boolean;
  /** What people may not expect, in sentences. */
  readonly warnings: readonly string[];
}

export interface CapturePlan {
  readonly planned: readonly PlannedTable[];
  readonly refused: readonly TableFailure[];
}

/** Looks at tables that are to be captured, and changes nothing. */
export async function planCapture(
  { products, admin, settings }: Pick<ConnectorContext, 'products' | 'admin' | 'settings'>,
  {
    tables,
    routingColumn,
  }: { readonly tables: readonly TableName[]; readonly routingColumn?: string | undefined },
): Promise<CapturePlan> {
  const captured = await listCapturedTables(products);
  const removed = (await listRemovedTables(products)).filter((one) => !one.topicDeleted);
  const topics = await admin.listTopics();
  const changed = await changedTables({ products });
  const hidden = new Map(
    (await findRowSecurity(products, tables)).map((one) => [formatTableName(one.table), one]),
  );
  const template = loadTemplate();
  const planned: PlannedTable[] = [];
  const refused: TableFailure[] = [];
  for (const table of tables) {
    const name = formatTableName(table);
    try {
      const facts = await inspectTable(products, table);
      assertNamesFit(table, {
        columns: facts.columns,
        template,
        prefix: settings.topicPrefix,
        captured: [...captured, ...planned.map((one) => one.table)],
        topics,
      });
      const stored = captured.find((one) => formatTableName(one) === name);
      const before = removed.find((one) => formatTableName(one) === name);
      const column = chooseRoutingColumn(facts, {
        name,
        routingColumn: routingColumn ?? stored?.routingColumn ?? before?.routingColumn,
      });
      refuseOtherRouting(name, { column, stored: stored?.routingColumn, before });
      const lost = changed.get(name);
      if (lost !== undefined) throw new OperationError('TABLE_CHANGED', lost);
      const rows = hidden.get(name);
      if (rows !== undefined) throw new OperationError('ROW_SECURITY', describeRowSecurity(rows));
      planned.push({
        table,
        routingColumn: column,
        isCaptured: stored !== undefined,
        warnings: [...facts.warnings, ...routingWarnings(facts, { name, column })],
      });
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      refused.push({ table, error });
    }
  }
  return { planned, refused };
}

/** Tables that were captured already and lost changes since: a first snapshot alone would leave rows that are gone. */
async function changedTables({
  products,
}: Pick<ConnectorContext, 'products'>): Promise<Map<string, string>> {
  const { capture } = await readDatabase(products);
  const changed = new Map<string, string>();
  for (const finding of capture === undefined ? [] : checkCapture(capture)) {
    const { subject, readAgain } = finding;
    if (subject !== undefined && readAgain !== undefined && !changed.has(subject)) {
      changed.set(subject, sentence(finding));
    }
  }
  return changed;
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
  const field = fieldName(column);
  const other =
    field === '__proto__'
      ? field
      : columns.find((one) => one !== column && fieldName(one) === field);
  if (other !== undefined) {
    throw new OperationError(
      'BAD_ROUTING_COLUMN',
      `Column "${column}" of ${name} cannot route, since its name in Avro is that of ${other} as well: ${field}. Give another with KEY=column.`,
    );
  }
  return column;
}

/** Where a topic is still there, so are its keys: they stay in their partitions. */
function refuseOtherRouting(
  name: string,
  {
    column,
    stored,
    before,
  }: {
    readonly column: string;
    readonly stored: string | undefined;
    readonly before: RemovedTable | undefined;
  },
): void {
  if (stored !== undefined && stored !== column) {
    throw new OperationError(
      'ROUTING_COLUMN_FIXED',
      `${name} is captured already, routed by ${stored}. That cannot change: keys would move to other partitions.`,
    );
  }
  if (stored === undefined && before !== undefined && before.routingColumn !== column) {
    throw new OperationError(
      'ROUTING_COLUMN_FIXED',
      `${name} was captured before, routed by ${before.routingColumn}, and its topic is still there. That cannot change: keys would move to other partitions. PURGE=1 make connector-remove-table ${tableArgument(name)} deletes the topic; then any column can route.`,
    );
  }
}

function routingWarnings(
  { primaryKey }: TableFacts,
  { name, column }: { readonly name: string; readonly column: string },
): string[] {
  if (primaryKey.includes(column)) return [];
  return [
    `${name} is routed by ${column}, which is not in its primary key: where its value changes, later changes of the row come in another partition. Our consumers apply them in order all the same; other readers have to compare positions.`,
  ];
}
