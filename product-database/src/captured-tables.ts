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
    `with forgotten as (delete from shelfcast.table_reads where table_schema = $1 and table_name = $2)
     update shelfcast.captured_tables set backfill_requested_at = null
     where table_schema = $1 and table_name = $2`,
    [schema, table],
  );
}

/** A table that was captured once and was taken out, as `shelfcast.removed_tables` has it. */
export interface RemovedTable extends CapturedTable {
  readonly removedAt: Date;
  /** `guard`, or who asked for it. */
  readonly removedBy: string;
  /** Of the guard: what stopped the connector. */
  readonly reason: string | null;
  /** Whether all of that was done; false: it was begun. */
  readonly finished: boolean;
  /** Whether its topic was deleted with it. */
  readonly topicDeleted: boolean;
}

/** Every table that was taken out and is not captured again, ordered by schema and name. */
export async function listRemovedTables(db: Queryable): Promise<RemovedTable[]> {
  const { rows } = await db.query<{
    table_schema: string;
    table_name: string;
    routing_column: string;
    removed_at: string;
    removed_by: string;
    reason: string | null;
    topic_deleted: boolean;
    finished: boolean;
  }>(
    `select table_schema, table_name, routing_column, to_json(removed_at) #>> '{}' as removed_at, removed_by, reason,
            topic_deleted, finished
     from shelfcast.removed_tables where captured_again_at is null
     order by table_schema collate "C", table_name collate "C"`,
  );
  return rows.map((row) => ({
    schema: row.table_schema,
    table: row.table_name,
    routingColumn: row.routing_column,
    removedAt: new Date(row.removed_at),
    removedBy: row.removed_by,
    reason: row.reason,
    topicDeleted: row.topic_deleted,
    finished: row.finished,
  }));
}

/** Moves a table from the captured ones to those that were taken out; does nothing where it is not captured. */
export async function removeCapturedTable(
  db: Queryable,
  { schema, table }: Pick<CapturedTable, 'schema' | 'table'>,
  { removedBy, reason }: Pick<RemovedTable, 'removedBy' | 'reason'>,
): Promise<void> {
  await db.query(
    `with removed as (
       delete from shelfcast.captured_tables where table_schema = $1 and table_name = $2
       returning table_schema, table_name, routing_column)
     insert into shelfcast.removed_tables (table_schema, table_name, routing_column, removed_by, reason)
     select table_schema, table_name, routing_column, $3, $4 from removed
     on conflict (table_schema, table_name) do update set routing_column = excluded.routing_column,
       removed_at = excluded.removed_at, removed_by = excluded.removed_by, reason = excluded.reason,
       topic_deleted = false, finished = false, captured_again_at = null`,
    [schema, table, removedBy, reason],
  );
}

/** Notes that all is done of what takes a table out. */
export async function noteRemovalFinished(
  db: Queryable,
  { schema, table }: Pick<CapturedTable, 'schema' | 'table'>,
): Promise<void> {
  await db.query(
    'update shelfcast.removed_tables set finished = true where table_schema = $1 and table_name = $2',
    [schema, table],
  );
}

/** Notes that the topic of a table that was taken out is gone: captured again, any column may route it. */
export async function noteTopicDeleted(
  db: Queryable,
  { schema, table }: Pick<CapturedTable, 'schema' | 'table'>,
): Promise<void> {
  await db.query(
    'update shelfcast.removed_tables set topic_deleted = true where table_schema = $1 and table_name = $2',
    [schema, table],
  );
}

/** Notes that a table that was taken out is captured again. */
export async function noteCapturedAgain(
  db: Queryable,
  { schema, table }: Pick<CapturedTable, 'schema' | 'table'>,
): Promise<void> {
  await db.query(
    `update shelfcast.removed_tables set captured_again_at = now()
     where table_schema = $1 and table_name = $2 and captured_again_at is null`,
    [schema, table],
  );
}
