import { cdcTopic } from '@shelfcast/schemas/topics';
import pg from 'pg';
import { OperationError } from '../connect-error.ts';
import { CONNECTOR, type ConnectorContext, PUBLICATION } from '../context.ts';
import { checkKeys, type Difference, type KeyCheck } from '../key-check/check-keys.ts';
import { readKeyColumns } from '../key-check/key-columns.ts';
import { epochOf } from '../render.ts';
import { passFence } from '../stored-offset.ts';
import { formatTableName, type TableName, tableArgument } from '../table-name.ts';

/**
 * Makes sure that each key of a table is in its topic from an offset on, and no other.
 *
 * @throws OperationError `KEYS_DIFFER` with the first ten; `NO_KEY`
 */
export async function checkTable(
  context: ConnectorContext,
  { table, from }: { readonly table: TableName; readonly from: ReadonlyMap<number, bigint> },
): Promise<KeyCheck> {
  const { client, products, settings } = context;
  const name = formatTableName(table);
  const columns = await readKeyColumns(products, { table, publication: PUBLICATION });
  if (columns.length === 0) {
    throw new OperationError(
      'NO_KEY',
      `${name} has no primary key any more, so nothing tells which of its rows were read.`,
    );
  }
  const found = await checkKeys({
    ...context,
    table,
    columns,
    topic: cdcTopic({ prefix: settings.topicPrefix, ...table }),
    from,
    epoch: epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n,
    fence: () => passFence({ client, products }),
  }).catch((error: unknown) => {
    throw explainDatabaseError(error, name);
  });
  const { missing, extra } = found;
  if (missing.count + extra.count > 0) {
    throw new OperationError(
      'KEYS_DIFFER',
      [
        `${name} was not read whole.`,
        ...(missing.count > 0
          ? [`Of ${found.keys} keys the topic lacks ${describeKeys(missing)}.`]
          : []),
        ...(extra.count > 0
          ? [`The topic shows keys that the table does not have: ${describeKeys(extra)}.`]
          : []),
        `make connector-snapshot ${tableArgument(name)} reads it again.`,
      ].join(' '),
    );
  }
  return found;
}

function describeKeys({ count, keys }: Difference): string {
  const more = count > keys.length ? ', …' : '';
  return `${count} (${keys.join('; ')}${more})`;
}

const INSUFFICIENT_PRIVILEGE = '42501';
const UNDEFINED_TABLE = '42P01';
const LOCK_NOT_AVAILABLE = '55P03';

function explainDatabaseError(error: unknown, name: string): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const because: Readonly<Record<string, string>> = {
    [INSUFFICIENT_PRIVILEGE]: `the role of PRODUCTS_DATABASE_URL may not read all of it: ${error.message}`,
    [UNDEFINED_TABLE]: 'it was dropped or renamed meanwhile',
    [LOCK_NOT_AVAILABLE]: 'another session keeps it locked',
  };
  const reason = because[error.code ?? ''] ?? error.message;
  return new OperationError('NOT_CHECKED', `The keys of ${name} could not be checked: ${reason}.`, {
    retriable: true,
    cause: error,
  });
}
