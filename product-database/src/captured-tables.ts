import type pg from 'pg';

/** One table whose changes are captured, as `shelfcast.captured_tables` has it. */
export interface CapturedTable {
  readonly schema: string;
  readonly table: string;
  /** The column whose value decides the Kafka partition of a change. */
  readonly routingColumn: string;
}

/** What can run a query: a pool, a client, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/** Every captured table, ordered by schema and name. */
export async function listCapturedTables(db: Queryable): Promise<CapturedTable[]> {
  const { rows } = await db.query<{
    table_schema: string;
    table_name: string;
    routing_column: string;
  }>(
    `select table_schema, table_name, routing_column
     from shelfcast.captured_tables order by table_schema collate "C", table_name collate "C"`,
  );
  return rows.map((row) => ({
    schema: row.table_schema,
    table: row.table_name,
    routingColumn: row.routing_column,
  }));
}

/**
 * Records a table as captured. Repeating it is harmless; the routing column of a captured table never
 * changes, because that would move keys between partitions and break their order.
 *
 * @returns the row as stored, which has an earlier routing column if there was one.
 */
export async function addCapturedTable(
  db: Queryable,
  { schema, table, routingColumn }: CapturedTable,
): Promise<CapturedTable> {
  await db.query(
    `insert into shelfcast.captured_tables (table_schema, table_name, routing_column)
     values ($1, $2, $3) on conflict do nothing`,
    [schema, table, routingColumn],
  );
  const stored = (await listCapturedTables(db)).find(
    (captured) => captured.schema === schema && captured.table === table,
  );
  return stored ?? { schema, table, routingColumn };
}

/** Makes the next registration of the connector ask for a snapshot of a captured table. */
export async function requireBackfill(
  db: Queryable,
  { schema, table }: Pick<CapturedTable, 'schema' | 'table'>,
): Promise<void> {
  await db.query(
    `update shelfcast.captured_tables set backfill_requested_at = null
     where table_schema = $1 and table_name = $2`,
    [schema, table],
  );
}
