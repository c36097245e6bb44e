import { parseTableName } from '@shelfcast/connect-config/table-name';
import { cdcTopic, entityOfTable } from '@shelfcast/schemas/topics';
import type { ConsumerDefinition } from './definition.ts';

/** A table of the product database that a consumer takes. */
export interface CapturedEntity {
  /** See `Change.entity`. */
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
  readonly topic: string;
}

/** The tables a consumer takes, and the topics they come from. */
export function capturedEntities(
  { tables }: Pick<ConsumerDefinition<unknown>, 'tables'>,
  topicPrefix: string,
): CapturedEntity[] {
  return tables.map((name) => {
    const { schema, table } = parseTableName(name);
    return {
      entity: entityOfTable({ schema, table }),
      schema,
      table,
      topic: cdcTopic({ prefix: topicPrefix, schema, table }),
    };
  });
}
