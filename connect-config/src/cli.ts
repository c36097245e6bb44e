import { createInterface } from 'node:readline/promises';
import { listCapturedTables, listRemovedTables } from '@shelfcast/product-database/captured-tables';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { isConnectionError } from '@shelfcast/service-kit/postgres/errors';
import { print, printError } from '@shelfcast/service-kit/process/print';
import { Command, Option } from 'commander';
import pg from 'pg';
import { addTables } from './add-table.ts';
import { cliSettings } from './cli-settings.ts';
import { OperationError } from './connect-error.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { deleteConnector } from './delete.ts';
import { openConnectorContext } from './open-context.ts';
import { registerConnector } from './register.ts';
import { removeTables } from './remove-table.ts';
import { epochOf, renderConnector } from './render.ts';
import { type ResyncContext, resync } from './resync.ts';
import { resyncTables } from './resync-table.ts';
import { selectFrom, selectTables } from './select-tables.ts';
import { snapshotTables } from './snapshot.ts';
import { reportConnector } from './status.ts';
import {
  formatTableName,
  parseTableList,
  type TableName,
  type TablePattern,
} from './table-name.ts';
import { loadTemplate } from './template.ts';
import { validateConnector } from './validate.ts';
import {
  describeStates,
  failureOf,
  RUNNING_FOR_AFTER_FAILURE_MS,
  waitUntilRunning,
  waitUntilStopped,
} from './wait-until.ts';

const program = new Command('connector').description(
  'Operates the connector that captures the products database. Every option may be given as the environment variable shown, which is how make gives them.',
);

const tableOption = () =>
  new Option(
    '--table <names>',
    'schema.table, a list of them, or a pattern: crm.*; odd names as in SQL: shop."Order Details"',
  ).env('TABLE');

program
  .command('list')
  .description('list all connectors with their states')
  .action(() =>
    withContext(async ({ client }) => {
      const names = await client.connectors();
      if (names.length === 0) print('There are no connectors.');
      for (const name of names) {
        const status = await client.status(name);
        print(`${name}: ${status === undefined ? 'no worker has it yet' : describeStates(status)}`);
      }
    }),
  );

program
  .command('register')
  .description('create or update topics and connector, and wait until it runs')
  .action(() =>
    withContext(async (context) => {
      const { action, epoch, unread } = await registerConnector(context);
      print(`Connector ${CONNECTOR} ${action} and RUNNING, epoch ${epoch}`);
      if (unread.length > 0) process.exitCode = 1;
    }),
  );

program
  .command('status')
  .description('show connector, task, slot and tables; exit code 1 when something is wrong')
  .action(() =>
    withContext(async (context) => {
      const { healthy, lines, problems } = await reportConnector(context);
      for (const line of lines) print(line);
      for (const problem of problems) printError(`! ${problem}`);
      if (!healthy) process.exitCode = 1;
    }),
  );

program
  .command('validate')
  .description('let Kafka Connect check the configuration without applying it')
  .action(() =>
    withContext(async ({ client, products, settings }) => {
      const config = renderConnector({
        template: loadTemplate(),
        capturedTables: await listCapturedTables(products),
        epoch: epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n,
        settings,
      });
      const { errors, unknown } = await validateConnector(client, config);
      for (const { property, problem } of errors) printError(`${property}: ${problem}`);
      for (const property of unknown) printError(`${property}: no plugin knows this property`);
      if (errors.length + unknown.length > 0) process.exitCode = 1;
      else print(`${Object.keys(config).length} properties, no error`);
    }),
  );

program
  .command('pause')
  .description('stop reading for a while; the task stays')
  .action(() =>
    withConnector(async ({ client }) => {
      await client.pause(CONNECTOR);
      print('Pausing. Postgres keeps the WAL until make connector-resume.');
    }),
  );

program
  .command('resume')
  .description('go on after pause or stop, and wait until it runs')
  .action(() =>
    withConnector(async ({ client }) => {
      await client.resume(CONNECTOR);
      await waitUntilRunning({ client, connector: CONNECTOR });
      print('RUNNING');
    }),
  );

program
  .command('restart')
  .description('restart connector and tasks, and wait until they run')
  .option('--only-failed', 'leave alone what runs')
  .action(({ onlyFailed = false }: { onlyFailed?: boolean }) =>
    withConnector(async ({ client }) => {
      const status = await client.status(CONNECTOR);
      const hadFailed = status !== undefined && failureOf(status) !== undefined;
      await client.restart(CONNECTOR, { onlyFailed });
      await waitUntilRunning({
        client,
        connector: CONNECTOR,
        ...(hadFailed ? { runningForMs: RUNNING_FOR_AFTER_FAILURE_MS } : {}),
      });
      print('RUNNING');
    }),
  );

program
  .command('stop')
  .description('end the task; configuration, offsets and slot stay')
  .action(() =>
    withConnector(async ({ client }) => {
      await client.stop(CONNECTOR);
      await waitUntilStopped({ client, connector: CONNECTOR });
      print('STOPPED. Postgres keeps the WAL until make connector-resume.');
    }),
  );

program
  .command('delete')
  .description('remove connector, offsets and replication slot')
  .addOption(new Option('--yes', 'do not ask').env('YES'))
  .action(({ yes }: { yes?: boolean | string }) =>
    withContext(async (context) => {
      const agreed = isYes(yes) || (await confirm(DELETE_WORDS));
      if (!agreed) throw new OperationError('NOT_CONFIRMED', 'Nothing was deleted.');
      await deleteConnector(context);
    }),
  );

program
  .command('snapshot')
  .description('read captured tables again while changes go on, and wait for the end')
  .addOption(tableOption())
  .action(({ table }: { table?: string }) =>
    withContext(async (context) => {
      const tables = await capturedTables(context, tablesNamed(table));
      const { unread } = await snapshotTables(context, { tables });
      for (const { error } of unread) printError(`! ${error.message}`);
      if (unread.length > 0) process.exitCode = unread.length === tables.length ? 1 : PARTLY;
    }),
  );

program
  .command('add-table')
  .description(
    'capture more tables, completely; run it again after an interruption. Exit code 2: some are left out',
  )
  .addOption(tableOption())
  .addOption(
    new Option(
      '--key <column>',
      'column that decides the partition; default the primary key’s first',
    ).env('KEY'),
  )
  .action(({ table, key }: { table?: string; key?: string }) =>
    withContext(async (context) => {
      const { tables, named, parents } = await selectTables(context.products, tablesNamed(table));
      for (const parent of parents) {
        print(
          `${formatTableName(parent.table)} is partitioned: its ${parent.partitions.length} partitions are captured, each with a topic of its own. The same command captures those that are made later; an alert and make doctor name them.`,
        );
      }
      const { added, left } = await addTables(context, {
        tables,
        named,
        // make exports an unset KEY as an empty one
        ...(key === undefined || key === '' ? {} : { routingColumn: key }),
      });
      for (const { error } of left) printError(`! ${error.message}`);
      if (tables.length > 1)
        print(`${added.length} of ${tables.length} tables are captured and read whole`);
      if (left.length > 0) process.exitCode = added.length === 0 ? 1 : PARTLY;
    }),
  );

program
  .command('remove-table')
  .description(
    'end the capture of tables, also of one that the connector fails at; the others go on',
  )
  .addOption(tableOption())
  .addOption(new Option('--purge', 'delete their topics, too').env('PURGE'))
  .action(({ table, purge }: { table?: string; purge?: boolean | string }) =>
    withConsumers(async (context) => {
      const removed = await listRemovedTables(context.products);
      await removeTables(context, {
        tables: await capturedTables(context, tablesNamed(table), isYes(purge) ? removed : []),
        purge: isYes(purge),
        removedBy: process.env.USER ?? 'cli',
      });
    }),
  );

program
  .command('resync')
  .description(
    'read every table again under a new epoch, and remove what is gone from the consumers',
  )
  .addOption(new Option('--table <names>', 'these tables alone: the others go on').env('TABLE'))
  .addOption(new Option('--yes', 'do not ask').env('YES'))
  .addOption(new Option('--force', 'also when nothing is wrong').env('FORCE'))
  .addOption(
    new Option('--confirm <keys>', 'remove up to this many keys, where so many stop it').env(
      'CONFIRM',
    ),
  )
  .action(({ yes, force, table, confirm: confirmed }: ResyncFlags) =>
    withConsumers(async (context) => {
      const shared = {
        confirmed: numberOfKeys(confirmed),
        requestedBy: process.env.USER ?? 'cli',
      };
      const { missing } =
        table === undefined || table === ''
          ? await resync(context, {
              ...shared,
              force: isYes(force),
              confirm: async () => isYes(yes) || (await confirm(RESYNC_WORDS)),
            })
          : await resyncTables(context, {
              ...shared,
              tables: await capturedTables(context, tablesNamed(table)),
            });
      for (const sentence of missing) printError(`! ${sentence}`);
      if (missing.length > 0) process.exitCode = 1;
      else print('Resync finished.');
    }),
  );

interface ResyncFlags {
  readonly yes?: boolean | string;
  readonly force?: boolean | string;
  readonly table?: string;
  readonly confirm?: string;
}

function numberOfKeys(text: string | undefined): number {
  // make exports an unset variable as an empty one
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,9}$/.test(text)) {
    throw new OperationError('BAD_NUMBER', `CONFIRM is a number of keys, not ${text}.`);
  }
  return Number(text);
}

type Context = ConnectorContext & { readonly admin: KafkaAdmin };

async function withContext(work: (context: Context) => Promise<void>): Promise<void> {
  const { context, close } = openConnectorContext({
    ...cliSettings(process.env),
    clientId: 'shelfcast-connector',
    log: print,
  });
  try {
    await work(context);
  } finally {
    await close();
  }
}

/** For commands that also need the consumers' database. */
async function withConsumers(
  work: (context: Context & Pick<ResyncContext, 'consumers'>) => Promise<void>,
): Promise<void> {
  const consumers = new pg.Pool({
    connectionString: cliSettings(process.env).consumersDatabaseUrl,
    application_name: 'shelfcast-connector',
    max: 1,
  });
  consumers.on('error', () => undefined); // as above
  try {
    await withContext((context) => work({ ...context, consumers }));
  } finally {
    await consumers.end();
  }
}

/** For the commands that need a registered connector. */
async function withConnector(work: (context: ConnectorContext) => Promise<void>): Promise<void> {
  await withContext(async (context) => {
    if ((await context.client.config(CONNECTOR)) === undefined) {
      throw new OperationError(
        'NO_CONNECTOR',
        `There is no connector ${CONNECTOR}: make connector-register.`,
      );
    }
    await work(context);
  });
}

/** Exit code where a command did a part of what it was asked for, and has named the rest. */
const PARTLY = 2;

function tablesNamed(names: string | undefined): TablePattern[] {
  if (names === undefined || names === '') {
    throw new OperationError('NO_TABLE', 'Say which table: TABLE=schema.table (or --table).');
  }
  return parseTableList(names);
}

/** The tables of a list; patterns stand for captured ones, and for `others`. */
async function capturedTables(
  { products }: Pick<Context, 'products'>,
  patterns: readonly TablePattern[],
  others: readonly TableName[] = [],
): Promise<readonly TableName[]> {
  const captured = await listCapturedTables(products);
  return selectFrom(patterns, [...captured, ...others]).tables.map(({ schema, table }) => ({
    schema,
    table,
  }));
}

function isYes(value: boolean | string | undefined): boolean {
  return value === true || (typeof value === 'string' && /^(1|y|yes|true|on)$/i.test(value));
}

interface ConfirmMessages {
  readonly question: string;
  /** Said where there is no terminal to ask. */
  readonly warning: string;
}

const DELETE_WORDS: ConfirmMessages = {
  question:
    'Delete the connector with its offsets and replication slot? The next registration takes a full snapshot. [y/N] ',
  warning:
    'This deletes the connector with its offsets and slot; changes until the next registration are only seen by its snapshot.',
};

const RESYNC_WORDS: ConfirmMessages = {
  question: 'Go on? [y/N] ',
  warning: 'Nothing was changed.',
};

async function confirm({ question, warning }: ConfirmMessages): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new OperationError('NOT_CONFIRMED', `${warning} Say YES=1 (or --yes) to go on.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return isYes((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

/** Kafka and Connect name themselves in errors of their own; a bare network error is the database's. */
function describe(error: unknown): string {
  const bare =
    error instanceof AggregateError || (error instanceof Error && error.name === 'Error');
  if (bare && isConnectionError(error)) {
    return `The database does not answer (${messageOf(error)}): is it running (make status)?`;
  }
  return messageOf(error);
}

try {
  await program.parseAsync();
} catch (error) {
  printError(describe(error));
  process.exitCode = 1;
}
