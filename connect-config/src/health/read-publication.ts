import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { PUBLICATION } from '@shelfcast/product-database/publication';
import { tableNameSql } from '@shelfcast/product-database/table-name';

/** The publication, and for each of its tables the columns that are in the stream. */
export type PublicationFacts = {
  insert: boolean;
  update: boolean;
  delete: boolean;
  truncate: boolean;
  tables: {
    schema: string;
    table: string;
    /** `schema.table` */
    name: string;
    sqlName: string;
    columns: string[];
    filtered: boolean;
  }[];
};

/** Undefined when there is no such publication. */
export async function readPublication(db: Queryable): Promise<PublicationFacts | undefined> {
  const { rows } = await db.query<Omit<PublicationFacts, 'tables'>>(
    `select pubinsert as insert, pubupdate as update, pubdelete as delete, pubtruncate as truncate
     from pg_publication where pubname = $1`,
    [PUBLICATION],
  );
  const [operations] = rows;
  if (!operations) return undefined;
  const tables = await db.query<PublicationFacts['tables'][number]>(
    `select schemaname as schema, tablename as table, ${tableNameSql('schemaname', 'tablename')} as name, format('%I.%I', schemaname, tablename) as "sqlName",
            attnames::text[] as columns, rowfilter is not null as filtered
     from pg_publication_tables where pubname = $1 order by 1`,
    [PUBLICATION],
  );
  return { ...operations, tables: tables.rows };
}

/** The tables whose changes are in the stream. */
export function publishedTables(
  publication: PublicationFacts | undefined,
): { readonly schema: string; readonly table: string }[] {
  return publication?.tables.map(({ schema, table }) => ({ schema, table })) ?? [];
}
