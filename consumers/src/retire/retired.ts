import type { ClientBase, Pool } from 'pg';

type Queryable = Pick<ClientBase, 'query'> | Pick<Pool, 'query'>;

/** Consumers that were retired and have not run since; none where no consumer ever ran. */
export async function listRetired(db: Queryable): Promise<ReadonlySet<string>> {
  const { rows: tables } = await db.query<{ made: boolean }>(
    "select to_regclass('runtime.retired') is not null as made",
  );
  if (tables[0]?.made !== true) return new Set();
  const { rows } = await db.query<{ consumer: string }>('select consumer from runtime.retired');
  return new Set(rows.map(({ consumer }) => consumer));
}

/** What the runtime keeps by consumer. What waits in the outbox is not among it: it was promised, and is sent. */
const TABLES = [
  ...['guards', 'floors', 'batches', 'parked_changes', 'parked_keys', 'conflicts', 'commands'],
  ...['pauses', 'shared_rows', 'rebuilds', 'unfinished', 'inbox', 'missing_topics'],
] as const;

/** What is kept of a consumer. */
export interface ConsumerRemains {
  /** Rows of the runtime. */
  readonly rows: number;
  /** Changes that could not be applied and would be given up. */
  readonly parked: number;
  readonly hasSchema: boolean;
}

export async function remainsOf(db: Queryable, consumer: string): Promise<ConsumerRemains> {
  const counts = TABLES.map((table) => `(select count(*) from runtime.${table} where ${OF})`);
  const { rows } = await db.query<ConsumerRemains>(
    `select (${counts.join(' + ')})::int as rows,
            (select count(*) from runtime.parked_changes where ${OF})::int as parked,
            to_regnamespace(quote_ident($1)) is not null as "hasSchema"`,
    [consumer],
  );
  return rows[0] ?? { rows: 0, parked: 0, hasSchema: false };
}

/** Forgets a consumer, and notes that its absence is intended. Safe to repeat. */
export async function forgetConsumer(
  tx: ClientBase,
  consumer: string,
  retiredBy: string,
): Promise<void> {
  for (const table of TABLES) {
    await tx.query(`delete from runtime.${table} where ${OF}`, [consumer]);
  }
  await tx.query(
    'insert into runtime.retired (consumer, retired_by) values ($1, $2) on conflict do nothing',
    [consumer, retiredBy],
  );
}

/** With a read model of it that is being rebuilt. */
const OF = "(consumer = $1 or consumer = $1 || '@next')";
