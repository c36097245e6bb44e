import pg from 'pg';
import { withConnectorLock } from '../connector-lock.ts';
import { type ConnectorContext, PUBLICATION } from '../context.ts';
import { readKeyColumns } from '../key-check/key-columns.ts';
import { passFence } from '../stored-offset.ts';
import { formatTableName, type TableName } from '../table-name.ts';
import { askForSnapshot, waitForOtherSnapshots } from './ask.ts';
import { explainRead } from './outcome.ts';

export interface ReadKeysOptions {
  readonly table: TableName;
  /** Each as the texts of its primary key's columns, in their order. */
  readonly keys: readonly (readonly string[])[];
  readonly timeoutMs?: number;
}

/** A request is a row of the WAL, and stays in the stored offset while it is read. */
const KEYS_PER_REQUEST = 200;
const FILTER_LENGTH = 64_000;
const DEFAULT_TIMEOUT_MS = 600_000;

/**
 * Has the connector read the rows of some keys again, beside the stream of changes: each comes as a snapshot's read, at the
 * position of the read. Resolves when all of them are in the topic.
 *
 * @throws OperationError as `readTable`
 */
export async function readKeys(
  context: ConnectorContext,
  { table, keys, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadKeysOptions,
): Promise<void> {
  const purpose = `reading ${keys.length} keys of ${formatTableName(table)}`;
  await withConnectorLock(context, purpose, async (locked) => {
    const columns = await readKeyColumns(locked.products, { table, publication: PUBLICATION });
    const names = columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ');
    const tuples = keys.map(
      (parts) =>
        `(${parts.map((part, at) => `${pg.escapeLiteral(part)}::${columns[at]?.type}`).join(', ')})`,
    );
    for (const some of requestsOf(tuples)) {
      await waitForOtherSnapshots(locked, { tables: [table], timeoutMs });
      const { outcomes } = await askForSnapshot(locked, {
        tables: [table],
        timeoutMs,
        filter: `(${names}) in (${some.join(', ')})`,
      });
      const outcome = outcomes.get(table);
      if (outcome?.isRead === false) throw await explainRead(locked.products, { table, outcome });
    }
    await passFence(locked);
  });
}

/** As many as fit into one request; at least one. */
function requestsOf(tuples: readonly string[]): string[][] {
  const requests: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const tuple of tuples) {
    const last = requests.at(-1);
    if (
      last === undefined ||
      last.length >= KEYS_PER_REQUEST ||
      length + tuple.length > FILTER_LENGTH
    ) {
      requests.push([tuple]);
      length = tuple.length;
    } else {
      last.push(tuple);
      length += tuple.length;
    }
  }
  return requests;
}
