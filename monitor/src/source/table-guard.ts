import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import { OperationError } from '@shelfcast/connect-config/connect-error';
import { CONNECTOR, GUARD } from '@shelfcast/connect-config/context';
import { type PoisonedTable, poisonedTable } from '@shelfcast/connect-config/poisoned-table';
import { removeTable } from '@shelfcast/connect-config/remove-table';
import { type ConnectorConfig, includesTable } from '@shelfcast/connect-config/render';
import { formatTableName, type TableName } from '@shelfcast/connect-config/table-name';
import { isRunning } from '@shelfcast/connect-config/wait-until';
import { listCapturedTables, listRemovedTables } from '@shelfcast/product-database/captured-tables';
import { tableNameSql } from '@shelfcast/product-database/table-name';
import { cdcTopic } from '@shelfcast/schemas/topics';
import type { Audit } from '@shelfcast/service-kit/audit/audit';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';

export interface TableGuardOptions {
  readonly connect: ConnectClient;
  /** The products database, as its owner. */
  readonly products: Pool;
  readonly consumers: Pool;
  readonly admin: Pick<KafkaAdmin, 'listTopics' | 'deleteTopics'>;
  readonly audit: Audit;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Takes a table out by itself that keeps all others from flowing. */
export interface TableGuard {
  /** Looks once, and acts. */
  look(): Promise<void>;
}

/** The heartbeat comes every 5 s and is stored a second later: an offset that stands still for longer tells of a stall. */
const STALLED_AFTER_MS = 10_000;
const FLOW_TIMEOUT_MS = 20_000;

/**
 * One table never stops the others: what the connector certainly cannot carry is taken out of its capture, once per table
 * and hour, never the last one. A failure that names no table, and an outage, are left to others.
 */
export function createTableGuard(options: TableGuardOptions): TableGuard {
  const { connect, products, consumers, admin, audit, nowMs, log } = options;
  let standing: { readonly offset: string; readonly sinceMs: number } | undefined;

  async function failed(
    captured: readonly TableName[],
    config: ConnectorConfig,
    trace: string,
  ): Promise<PoisonedTable | undefined> {
    return poisonedTable(trace, {
      captured,
      prefix: config['topic.prefix'] ?? '',
      columns: await columnsOf(products),
    });
  }

  /** A topic that is not there holds up the producer for ever, while everything is RUNNING. */
  async function stalled(
    captured: readonly TableName[],
    config: ConnectorConfig,
  ): Promise<PoisonedTable | undefined> {
    const topics = new Set(await admin.listTopics());
    const topicOf = (table: TableName) =>
      cdcTopic({ prefix: config['topic.prefix'] ?? '', ...table });
    const gone = captured.filter((table) => !topics.has(topicOf(table)));
    const [table] = gone;
    // All at once is no fault of a table.
    if (table === undefined || gone.length === captured.length) {
      standing = undefined;
      return undefined;
    }
    const offset = JSON.stringify(await connect.offsets(CONNECTOR));
    if (standing?.offset !== offset) standing = { offset, sinceMs: nowMs() };
    if (nowMs() - standing.sinceMs < STALLED_AFTER_MS) return undefined;
    return { table, reason: `its topic ${topicOf(table)} does not exist` };
  }

  async function find(): Promise<PoisonedTable | undefined> {
    const config = await connect.config(CONNECTOR);
    const status = await connect.status(CONNECTOR);
    if (config === undefined || status === undefined) return undefined;
    const captured = (await listCapturedTables(products)).filter((table) =>
      includesTable(config, table),
    );
    const part = [status.connector, ...status.tasks].find(({ state }) => state === 'FAILED');
    if (part !== undefined) return await failed(captured, config, part.trace ?? '');
    return isRunning(status) ? await stalled(captured, config) : undefined;
  }

  async function take({ table, reason }: PoisonedTable): Promise<void> {
    const name = formatTableName(table);
    log.error({ table: name, reason }, `taking ${name} out of the capture: ${reason}`);
    const settings = { topicPrefix: (await connect.config(CONNECTOR))?.['topic.prefix'] ?? '' };
    const say = (line: string) => log.warn({ table: name }, line);
    const deed = {
      who: GUARD,
      action: 'connector.remove-table',
      target: name,
      request: { reason },
    };
    await audit.record(deed, async () => {
      await removeTable(
        { client: connect, products, consumers, admin, settings, log: say },
        { table, removedBy: GUARD, reason, timeoutMs: FLOW_TIMEOUT_MS },
      );
      return {};
    });
  }

  /** A process that was killed may have left it half done, and the connector stopped. */
  async function finishBegun(): Promise<void> {
    const begun = (await listRemovedTables(products)).filter(
      ({ removedBy, finished }) => removedBy === GUARD && !finished,
    );
    for (const { reason, ...table } of begun) await take({ table, reason: reason ?? '' });
  }

  return {
    async look() {
      await finishBegun();
      const found = await find();
      if (found === undefined || (await wasTakenLately(products, found.table))) return;
      standing = undefined;
      try {
        await take(found);
      } catch (error) {
        const what = error instanceof OperationError ? error.message : 'later';
        log.error({ error, table: formatTableName(found.table) }, `not done: ${what}`);
      }
    },
  };
}

/** Columns of every captured table, by its name. */
async function columnsOf(products: Pool): Promise<Map<string, string[]>> {
  const { rows } = await products.query<{ name: string; columns: string[] }>(
    `select ${tableNameSql('t.table_schema', 't.table_name')} as name, array_agg(a.attname::text) as columns
     from shelfcast.captured_tables t join pg_namespace n on n.nspname = t.table_schema
       join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     group by 1`,
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** A table that was added back within the hour: its owner knows why it went, so the next time is left to people. */
async function wasTakenLately(products: Pool, { schema, table }: TableName): Promise<boolean> {
  const { rowCount } = await products.query(
    `select from shelfcast.removed_tables where table_schema = $1 and table_name = $2 and removed_by = $3
       and removed_at > now() - interval '1 hour' and captured_again_at is not null`,
    [schema, table, GUARD],
  );
  return rowCount !== 0;
}
