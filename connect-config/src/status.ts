import { listCapturedTables, type Queryable } from '@shelfcast/product-database/captured-tables';
import type { ConnectorOffset } from './connect-client.ts';
import { CONNECTOR, type ConnectorContext, SLOT } from './context.ts';
import { epochOf } from './render.ts';
import { currentLsn, readSlot } from './replication-slot.ts';
import { formatTableName } from './table-name.ts';
import { describeStates, failureOf, isRunning } from './wait-until.ts';

export interface ConnectorReport {
  /** Whether changes flow: everything RUNNING, and nothing in `problems`. */
  readonly healthy: boolean;
  readonly lines: readonly string[];
  /** Sentences, each with what mends it. */
  readonly problems: readonly string[];
}

const MIB = 1024n * 1024n;

/** The connector, its task, its slot and its tables at a glance. */
export async function reportConnector({
  client,
  products,
}: Pick<ConnectorContext, 'client' | 'products'>): Promise<ConnectorReport> {
  const config = await client.config(CONNECTOR);
  if (config === undefined) {
    return {
      healthy: false,
      lines: [`There is no connector ${CONNECTOR}.`],
      problems: ['Nothing is captured: make connector-register.'],
    };
  }
  const status = await client.status(CONNECTOR);
  const captured = await listCapturedTables(products);
  const slot = await slotLines(products, await client.offsets(CONNECTOR));
  const failure = status === undefined ? undefined : failureOf(status);
  const problems = [
    ...(failure === undefined ? [] : [failure]),
    ...slot.problems,
    ...(await tableProblems(products)),
  ];
  return {
    healthy: status !== undefined && isRunning(status) && problems.length === 0,
    lines: [
      status === undefined ? 'no worker has the connector yet' : describeStates(status),
      `epoch ${epochOf(config) ?? 'unknown'}`,
      `tables ${captured.map(formatTableName).join(', ')}`,
      ...slot.lines,
    ],
    problems,
  };
}

async function slotLines(
  products: Queryable,
  offsets: readonly ConnectorOffset[],
): Promise<{ lines: string[]; problems: string[] }> {
  const slot = await readSlot(products, SLOT);
  const offsetLsn = offsets[0]?.offset?.lsn;
  if (slot === undefined) {
    if (offsetLsn === undefined) return { lines: ['no replication slot yet'], problems: [] };
    return {
      lines: ['no replication slot'],
      problems: [
        `Replication slot ${SLOT} is gone but offsets are stored: changes since then may be missing. make connector-delete && make connector-register takes a full snapshot under a new epoch.`,
      ],
    };
  }
  const problems = [];
  if (slot.walStatus === 'lost' || slot.invalidationReason !== null) {
    problems.push(
      `Postgres invalidated replication slot ${SLOT} (${slot.invalidationReason ?? 'WAL removed'}). make connector-delete && make connector-register takes a full snapshot under a new epoch.`,
    );
  }
  if (typeof offsetLsn === 'number' && BigInt(offsetLsn) > (await currentLsn(products))) {
    problems.push(
      'The stored offset lies beyond the end of the WAL: the database was restored to an earlier moment, and changes would be skipped. make connector-delete && make connector-register takes a full snapshot under a new epoch.',
    );
  }
  const room = slot.safeWalSize === null ? '' : `, ${slot.safeWalSize / MIB} MiB until it is lost`;
  return {
    lines: [
      `slot ${SLOT} ${slot.active ? 'active' : 'not active'}, WAL ${slot.walStatus ?? 'unknown'}, ${slot.retainedWalBytes / MIB} MiB kept${room}`,
    ],
    problems,
  };
}

/** Captured tables that were dropped, are not published, have another replica identity, or wait for a snapshot. */
async function tableProblems(products: Queryable): Promise<string[]> {
  const { rows } = await products.query<{
    name: string;
    present: boolean;
    published: boolean;
    full: boolean;
    waiting: boolean;
  }>(
    `select t.table_schema || '.' || t.table_name as name,
            c.oid is not null as present,
            exists (select from pg_publication_tables p where p.pubname = 'shelfcast'
                    and p.schemaname = t.table_schema and p.tablename = t.table_name) as published,
            coalesce(c.relreplident = 'f', false) as "full",
            t.backfill_requested_at is null as waiting
     from shelfcast.captured_tables t
     left join pg_namespace n on n.nspname = t.table_schema
     left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
     order by 1`,
  );
  return rows.flatMap(({ name, present, published, full, waiting }) => {
    const add = `make connector-add-table TABLE=${name}`;
    if (!present) return [`${name} is captured but does not exist in the database.`];
    return [
      ...(published
        ? []
        : [`${name} is captured but not published: its changes are lost. ${add} mends it.`]),
      ...(full
        ? []
        : [
            `${name} does not have REPLICA IDENTITY FULL: old values are missing. ${add} mends it.`,
          ]),
      ...(waiting ? [`${name} still waits for its first snapshot: ${add} goes on.`] : []),
    ];
  });
}
