import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { tableNameSql } from '@shelfcast/product-database/table-name';
import { OperationError } from './connect-error.ts';
import { withoutDeferral } from './health/check-identity.ts';
import { quotedName } from './key-check/key-columns.ts';
import { formatTableName, type TableName } from './table-name.ts';

export interface TableFacts {
  /** In the order of the table. */
  readonly columns: readonly string[];
  /** In the order of the key; never empty. */
  readonly primaryKey: readonly string[];
  /** What people may not expect, in sentences. */
  readonly warnings: readonly string[];
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  p: 'a partitioned table',
  S: 'a sequence',
};

export const SYSTEM_SCHEMAS = ['pg_catalog', 'information_schema', 'pg_toast', 'shelfcast'];

/**
 * Looks at a table that is to be captured.
 *
 * @throws OperationError when it cannot be: unknown, not a plain table, ours or the system's, no primary key
 */
export async function inspectTable(db: Queryable, table: TableName): Promise<TableFacts> {
  const name = formatTableName(table);
  const refuse = (code: string, reason: string) => new OperationError(code, reason);
  if (SYSTEM_SCHEMAS.includes(table.schema)) {
    throw refuse('TABLE_RESERVED', `${name} belongs to the system and is not for capturing.`);
  }
  const { rows } = await db.query<{
    oid: number;
    relkind: string;
    relpersistence: string;
    is_owner: boolean;
    heirs: string[];
  }>(
    `select c.oid, c.relkind, c.relpersistence, pg_has_role(c.relowner, 'usage') as is_owner,
            array(select ${tableNameSql('hn.nspname', 'h.relname')} from pg_inherits i join pg_class h on h.oid = i.inhrelid
                  join pg_namespace hn on hn.oid = h.relnamespace where i.inhparent = c.oid order by 1) as heirs
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2`,
    [table.schema, table.table],
  );
  const relation = rows[0];
  if (relation === undefined) {
    throw refuse('NO_SUCH_TABLE', `There is no table ${name} in the products database.`);
  }
  if (relation.relkind !== 'r') {
    throw refuse(
      'NOT_A_TABLE',
      `${name} is ${KINDS[relation.relkind] ?? 'not a plain table'}: only plain tables can be captured.`,
    );
  }
  if (relation.relpersistence !== 'p') {
    throw refuse('NOT_LOGGED', `${name} is unlogged or temporary: its changes are not in the WAL.`);
  }
  if (!relation.is_owner) {
    throw refuse(
      'NOT_OWNER',
      `The role of PRODUCTS_DATABASE_URL has to own ${name} to publish it.`,
    );
  }
  if (relation.heirs.length > 0) {
    throw refuse(
      'INHERITED',
      `${relation.heirs.join(', ')} inherit from ${name}: a snapshot would read their rows as rows of ${name}, and their changes would not come as such. Capture those alone, or take them apart first: alter table … no inherit ${name}.`,
    );
  }
  const primaryKey = await readPrimaryKey(db, relation.oid);
  if (primaryKey === undefined) {
    throw refuse(
      'NO_PRIMARY_KEY',
      `${name} has no primary key, so its changes would have no key: alter table ${name} add primary key (…) first.`,
    );
  }
  if (primaryKey.deferrable) {
    throw refuse(
      'DEFERRABLE_KEY',
      `The primary key of ${name} is deferrable: rows may hold the same key for a while, so the order of their changes does not tell which of them has it in the end. alter table ${quotedName(table)} ${withoutDeferral(primaryKey)} first.`,
    );
  }
  const columns = await readColumns(db, relation.oid);
  const virtual = columns.filter(({ attgenerated }) => attgenerated === 'v');
  if (virtual.length > 0) {
    const names = virtual.map(({ attname }) => attname).join(', ');
    throw refuse(
      'VIRTUAL_GENERATED_COLUMN',
      `${name} has virtual generated columns (${names}). They are not in the WAL, and PostgreSQL would refuse every UPDATE and DELETE of the table once it is captured. Make them stored: alter table ${name} drop column …, add column … generated always as (…) stored.`,
    );
  }
  await refuseUnknownEncoding(db, refuse);
  return {
    columns: columns.map(({ attname }) => attname),
    primaryKey: primaryKey.columns,
    warnings: await generatedColumnWarnings(db, { name, columns }),
  };
}

interface Column {
  readonly attname: string;
  /** 's' for a stored generated column, 'v' for a virtual one. */
  readonly attgenerated: string;
}

async function readColumns(db: Queryable, oid: number): Promise<Column[]> {
  const { rows } = await db.query<Column>(
    `select attname, attgenerated from pg_attribute
     where attrelid = $1 and attnum > 0 and not attisdropped order by attnum`,
    [oid],
  );
  return rows;
}

/** Text in such a database may be bytes of any encoding, so that it would not arrive as it is. */
async function refuseUnknownEncoding(
  db: Queryable,
  refuse: (code: string, reason: string) => OperationError,
): Promise<void> {
  const { rows } = await db.query<{ encoding: string }>(
    'select pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()',
  );
  if (rows[0]?.encoding !== 'SQL_ASCII') return;
  throw refuse(
    'UNKNOWN_ENCODING',
    'The products database has the encoding SQL_ASCII: what characters its bytes are, only its applications know, so no text could be carried exactly. Restore it into a database with encoding UTF8 first.',
  );
}

interface PrimaryKey {
  readonly name: string;
  /** In its order. */
  readonly columns: readonly string[];
  readonly deferrable: boolean;
}

async function readPrimaryKey(db: Queryable, oid: number): Promise<PrimaryKey | undefined> {
  const { rows } = await db.query<{ name: string; columns: string[]; deferrable: boolean }>(
    `select k.conname as name, k.condeferrable as deferrable,
            array(select a.attname::text from unnest(k.conkey) with ordinality as part (number, position)
                  join pg_attribute a on a.attrelid = k.conrelid and a.attnum = part.number
                  order by part.position) as columns
     from pg_constraint k where k.conrelid = $1 and k.contype = 'p'`,
    [oid],
  );
  return rows[0];
}

/** PostgreSQL 18 refuses updates under REPLICA IDENTITY FULL when a stored generated column is not published. */
async function generatedColumnWarnings(
  db: Queryable,
  { name, columns }: { readonly name: string; readonly columns: readonly Column[] },
): Promise<string[]> {
  const generated = columns.filter(({ attgenerated }) => attgenerated === 's');
  if (generated.length === 0) return [];
  const { rows } = await db.query<{ mode: string | null }>(
    "select to_jsonb(p) ->> 'pubgencols' as mode from pg_publication p where pubname = 'shelfcast'",
  );
  // 's' is publish_generated_columns = stored; before PostgreSQL 18 there is no such column.
  if (rows[0]?.mode === 's') return [];
  const names = generated.map(({ attname }) => attname).join(', ');
  return [
    `${name} has stored generated columns (${names}) that the publication does not publish. PostgreSQL 18 then refuses every UPDATE of the table: alter publication shelfcast set (publish_generated_columns = stored).`,
  ];
}
