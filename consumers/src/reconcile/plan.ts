import { PUBLICATION } from '@shelfcast/connect-config/context';
import {
  type KeyColumn,
  quotedName,
  readKeyColumns,
} from '@shelfcast/connect-config/key-check/key-columns';
import { formatTableName, type TableName } from '@shelfcast/connect-config/table-name';
import pg, { type Pool } from 'pg';
import { capturedEntities } from '../runtime/contract/captured-entity.ts';
import type { Comparison, Computed, Consumer } from '../runtime/contract/definition.ts';
import { type Canonical, type Column, canonicalForm } from './canonical.ts';

/** Both databases. */
export interface Sides {
  readonly products: Pool;
  readonly consumers: Pool;
}

/** A table of a read model and the source table that it follows, with all that is needed to compare them. */
export interface ComparedTable {
  readonly consumer: string;
  readonly entity: string;
  readonly source: TableName;
  readonly topic: string;
  /** Of the source's primary key, in its order. */
  readonly keyColumns: readonly KeyColumn[];
  /** The read model's table as SQL, and its column with the key. */
  readonly model: { readonly table: string; readonly key: string };
  /** Whether an index of the model's table goes by the key itself; else one goes by `runtime.bounded`. */
  readonly isKeyIndexed: boolean;
  readonly columns: readonly ComparedColumn[];
  readonly computed: Computed | undefined;
  /** Columns that are not compared, since the source does not publish them. */
  readonly unpublished: readonly string[];
}

export interface ComparedColumn {
  readonly name: string;
  readonly canonical: Canonical;
  readonly isJson: boolean;
}

/** Key types whose text in Postgres is that of `Change.key`. */
const KEY_TYPES = new Set([
  ...['text', 'varchar', 'citext', 'uuid', 'int2', 'int4', 'int8', 'numeric', 'bool', 'bytea'],
]);

/**
 * @throws Error with a sentence for the author of the consumer when the tables cannot be compared
 */
export async function planComparison(
  { products, consumers }: Sides,
  definition: Pick<Consumer, 'name' | 'tables'>,
  comparison: Comparison,
  topicPrefix: string,
): Promise<ComparedTable> {
  const { name: consumer } = definition;
  const { entity, table, key } = comparison;
  const captured = capturedEntities(definition, topicPrefix).find((one) => one.entity === entity);
  if (captured === undefined) throw new Error(`${consumer} takes no table ${entity}.`);
  const source = { schema: captured.schema, table: captured.table };
  const keyColumns = await readKeyColumns(products, { table: source, publication: PUBLICATION });
  const odd = keyColumns.find(({ typeName }) => !KEY_TYPES.has(typeName));
  if (keyColumns.length === 0 || odd !== undefined) {
    throw new Error(
      odd === undefined
        ? `${formatTableName(source)} has no primary key, so its rows cannot be told apart.`
        : `${formatTableName(source)} has a key column ${odd.name} of type ${odd.type}, whose text is not the same in a change: its rows cannot be found by key.`,
    );
  }
  const published = new Map((await sourceColumns(products, source)).map((one) => [one.name, one]));
  const stored = new Map(
    (await modelColumns(consumers, consumer, table)).map((one) => [one.name, one]),
  );
  const columns: ComparedColumn[] = [];
  const unpublished: string[] = [];
  for (const name of comparison.columns) {
    const model = stored.get(name);
    if (model === undefined) throw new Error(`${consumer}.${table} has no column ${name}.`);
    const from = published.get(name);
    if (from === undefined) {
      unpublished.push(name);
      continue;
    }
    const canonical = canonicalForm(from, model);
    if (canonical === undefined) {
      throw new Error(
        `${consumer}.${table}.${name} is ${model.typeName}, and ${from.typeName} in the source: these have no form in common. Leave it out of "columns".`,
      );
    }
    columns.push({ name, canonical, isJson: /^jsonb?$/.test(from.typeName) });
  }
  return {
    ...{ consumer, entity, source, topic: captured.topic, keyColumns, columns, unpublished },
    computed: comparison.computed,
    model: { table: quotedName({ schema: consumer, table }), key: pg.escapeIdentifier(key) },
    isKeyIndexed: await isIndexed(consumers, { schema: consumer, table }, key),
  };
}

async function sourceColumns(db: Pick<Pool, 'query'>, table: TableName): Promise<Column[]> {
  const { rows } = await db.query<Column>(
    `select name, type_name as "typeName" from shelfcast.published_columns($1, to_regclass($2))`,
    [PUBLICATION, quotedName(table)],
  );
  return rows;
}

async function modelColumns(
  db: Pick<Pool, 'query'>,
  schema: string,
  table: string,
): Promise<Column[]> {
  const { rows } = await db.query<Column>(
    `select a.attname::text as name, t.typname::text as "typeName"
     from pg_attribute a join pg_type t on t.oid = a.atttypid
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [quotedName({ schema, table })],
  );
  if (rows.length === 0)
    throw new Error(`There is no table ${schema}.${table}: has the consumer ever run?`);
  return rows;
}

async function isIndexed(db: Pick<Pool, 'query'>, table: TableName, key: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indrelid = to_regclass($1) and m.amname = 'btree' and a.attname = $2 and i.indisvalid limit 1`,
    [quotedName(table), key],
  );
  return rowCount === 1;
}
