import type { Queryable } from '@shelfcast/product-database/captured-tables';
import pg from 'pg';
import type { TableName } from '../table-name.ts';

/** A column of a primary key. */
export interface KeyColumn {
  readonly name: string;
  /** Base type as SQL, with its length and scale; of a domain the type beneath it. */
  readonly type: string;
  /** Name of that type in `pg_type`, and its schema as SQL. */
  readonly typeName: string;
  readonly typeSchema: string;
  /** Whether the operators `<` and `>` of the type go by the order of its indexes. */
  readonly ordered: boolean;
}

/** The primary key's columns in its order, as far as the publication carries them; none without a key or a table. */
export async function readKeyColumns(
  db: Queryable,
  { table, publication }: { readonly table: TableName; readonly publication: string },
): Promise<KeyColumn[]> {
  const { rows } = await db.query<{
    name: string;
    type: string;
    type_name: string;
    type_schema: string;
    ordered: boolean;
  }>(
    `select name, type, type_name, type_schema, ordered from shelfcast.published_columns($1, to_regclass($2))
     where key_position is not null order by key_position`,
    [publication, quotedName(table)],
  );
  return rows.map(({ name, type, type_name: typeName, type_schema: typeSchema, ordered }) => ({
    name,
    type,
    typeName,
    typeSchema,
    ordered,
  }));
}

/** `"schema"."table"` */
export function quotedName({ schema, table }: TableName): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
}
