import { CONNECTOR, type ConnectorContext, PUBLICATION } from '@shelfcast/connect-config/context';
import { checkKeys, type KeyCheck } from '@shelfcast/connect-config/key-check/check-keys';
import { readKeyColumns } from '@shelfcast/connect-config/key-check/key-columns';
import { epochOf } from '@shelfcast/connect-config/render';
import { passFence } from '@shelfcast/connect-config/stored-offset';
import { formatTableName, type TableName } from '@shelfcast/connect-config/table-name';
import { cdcTopic } from '@shelfcast/schemas/topics';

export interface LoggedKeys extends Pick<KeyCheck, 'keys' | 'missing' | 'extra'> {
  /** Whether retention has deleted records, so that a key that is missing may have been in them. */
  readonly isCut: boolean;
}

/**
 * Compares the keys of a captured table that no consumer keeps with those that its topic shows, all that it still holds.
 *
 * @throws Error with a sentence where the table has no primary key; OperationError as `passFence`
 */
export async function checkLoggedKeys(
  context: ConnectorContext,
  table: TableName,
): Promise<LoggedKeys> {
  const { client, products, admin, settings } = context;
  const columns = await readKeyColumns(products, { table, publication: PUBLICATION });
  if (columns.length === 0) {
    throw new Error(
      `${formatTableName(table)} has no primary key, so its rows cannot be told apart.`,
    );
  }
  const topic = cdcTopic({ prefix: settings.topicPrefix, ...table });
  const from = new Map<number, bigint>();
  for (const [partition, { low }] of await admin.watermarks(topic)) from.set(partition, low);
  const { keys, missing, extra } = await checkKeys({
    ...context,
    ...{ table, columns, topic, from },
    epoch: epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n,
    fence: () => passFence({ client, products }),
  });
  return { keys, missing, extra, isCut: [...from.values()].some((low) => low > 0n) };
}
