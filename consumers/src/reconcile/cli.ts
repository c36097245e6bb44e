import { cliSettings } from '@shelfcast/connect-config/cli-settings';
import type { ConnectorContext } from '@shelfcast/connect-config/context';
import { openConnectorContext } from '@shelfcast/connect-config/open-context';
import {
  formatTableName,
  parseTableName,
  type TableName,
  tableArgument,
} from '@shelfcast/connect-config/table-name';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { isConnectionError } from '@shelfcast/service-kit/postgres/errors';
import { print, printable, printError } from '@shelfcast/service-kit/process/print';
import { Command, InvalidArgumentError, Option } from 'commander';
import { withConsumersDatabase } from '../cli/database.ts';
import { nonEmpty, switchOption } from '../cli/options.ts';
import { registered } from '../registered.ts';
import { checkTable, type Difference } from './check.ts';
import { describeCounts, remedies, tableOf } from './describe.ts';
import { isWrong } from './judge.ts';
import { checkLoggedKeys } from './logged-keys.ts';
import { type ComparedTable, planComparison } from './plan.ts';
import { noteCheck, noteRepair } from './reconciliations.ts';
import { planRepair, type RepairOptions, repair } from './repair.ts';

const PROGRESS_MS = 5_000;
/** A consumer that has got no further in this time is behind. */
const PATIENCE_MS = 20_000;

interface Flags {
  readonly consumer?: string;
  readonly table?: string;
  readonly repair?: boolean;
  readonly dryRun?: boolean;
  readonly confirm?: number;
}

const program = new Command('reconcile')
  .description(
    'Compares read models with the source, row by row, and says of each difference why it is one. Every option may be given as the environment variable shown, which is how make gives them.',
  )
  .addOption(
    new Option('--consumer <name>', 'only this one')
      .env('CONSUMER')
      .choices(registered.map(({ name }) => name)),
  )
  .addOption(
    new Option('--table <name>', 'only this table of the source').env('TABLE').argParser(nonEmpty),
  )
  .addOption(switchOption('--repair', 'make what differs equal again', 'REPAIR'))
  .addOption(switchOption('--dry-run', 'with REPAIR=1: only say what would be done', 'DRY_RUN'))
  .addOption(
    new Option('--confirm <keys>', 'remove up to so many keys of a table although they are many')
      .env('CONFIRM')
      .argParser(wholeNumber),
  )
  .action(reconcile);

async function reconcile(flags: Flags): Promise<void> {
  const settings = cliSettings(process.env);
  const { context, close } = openConnectorContext({
    ...settings,
    clientId: 'shelfcast-reconcile',
    log: (line) => print(`  ${line}`),
  });
  try {
    await withConsumersDatabase(process.env, async (consumers) => {
      const options: RepairOptions = {
        ...{ source: context, consumers, codec: context.codec, reader: context.reader },
        patienceMs: PATIENCE_MS,
        by: process.env.USER ?? 'cli',
        confirmed: flags.confirm ?? 0,
      };
      let compared = 0;
      for (const definition of registered) {
        if (flags.consumer !== undefined && flags.consumer !== definition.name) continue;
        const { reconcile: comparisons = [], name } = definition;
        if ('refused' in comparisons) {
          print(`${name} is not compared: ${comparisons.refused}`);
          continue;
        }
        for (const comparison of comparisons) {
          const what = { definition, comparison, topicPrefix: settings.capture.topicPrefix };
          compared += (await reconcileTable(options, flags, what)) ? 1 : 0;
        }
      }
      if (flags.consumer === undefined)
        compared += await checkTablesWithoutConsumer(context, flags);
      if (compared === 0) throw new Error('No read model says how it is compared with that.');
    });
  } finally {
    await close();
  }
}

/** Captured tables that no read model follows: their keys have to be in the log. @returns how many there were */
async function checkTablesWithoutConsumer(
  context: ConnectorContext,
  flags: Flags,
): Promise<number> {
  const followed = new Set(registered.flatMap(({ tables }) => tables));
  const tables = (await listCapturedTables(context.products)).filter(
    (table) => !followed.has(formatTableName(table)) && isAsked(flags, table),
  );
  for (const table of tables) {
    const name = formatTableName(table);
    try {
      const { keys, missing, extra, isCut } = await checkLoggedKeys(context, table);
      const counts = [
        ...(missing.count > 0
          ? [`${missing.count} missing (${missing.keys.map(printable).join('; ')})`]
          : []),
        ...(extra.count > 0
          ? [
              `${extra.count} deleted, which it does not show (${extra.keys.map(printable).join('; ')})`,
            ]
          : []),
      ];
      print(
        `${name}, which no consumer keeps: ${keys.toLocaleString('en')} keys, ${counts.join(', ') || 'each in the log, and no other'}`,
      );
      if (counts.length === 0) continue;
      process.exitCode = 1;
      print(
        missing.count > 0 && isCut
          ? `  Retention has deleted records of its topic, and what is missing may have been in them. make connector-snapshot ${tableArgument(name)} reads it again`
          : `  make resync ${tableArgument(name)} reads it again, and has what is gone removed`,
      );
    } catch (error) {
      if (isConnectionError(error)) throw error;
      printError(`${name}: ${messageOf(error)}`);
      process.exitCode = 1;
    }
  }
  return tables.length;
}

function isAsked({ table: wanted }: Flags, table: TableName): boolean {
  return wanted === undefined || formatTableName(parseTableName(wanted)) === formatTableName(table);
}

interface What {
  readonly definition: (typeof registered)[number];
  readonly comparison: Parameters<typeof planComparison>[2];
  readonly topicPrefix: string;
}

/** @returns whether it is among the tables asked for */
async function reconcileTable(
  options: RepairOptions,
  flags: Flags,
  { definition, comparison, topicPrefix }: What,
): Promise<boolean> {
  const name = `${definition.name} ${comparison.entity}`;
  try {
    const sides = { products: options.source.products, consumers: options.consumers };
    const table = await planComparison(sides, definition, comparison, topicPrefix);
    if (!isAsked(flags, table.source)) return false;
    await check(options, flags, { name, table, unverified: comparison.unverified });
  } catch (error) {
    if (isConnectionError(error)) throw error;
    printError(`${name}: ${messageOf(error)}`);
    process.exitCode = 1;
  }
  return true;
}

async function check(
  options: RepairOptions,
  flags: Flags,
  {
    name,
    table,
    unverified,
  }: {
    readonly name: string;
    readonly table: ComparedTable;
    readonly unverified: string | undefined;
  },
): Promise<void> {
  const startedAtMs = Date.now();
  let toldAtMs = startedAtMs;
  const result = await checkTable(
    {
      ...options,
      onProgress(rows) {
        if (Date.now() - toldAtMs < PROGRESS_MS) return;
        toldAtMs = Date.now();
        print(`${name}: ${rows.toLocaleString('en')} rows looked at`);
      },
    },
    table,
  );
  const id = await noteCheck(options.consumers, { table, by: options.by, startedAtMs, result });
  const { sourceRows, modelRows, inFlight, differences, isCut } = result;
  const sign = differences.length === 0 ? '=' : '≠';
  const notes = [
    `${sourceRows.toLocaleString('en')} ${sign} ${modelRows.toLocaleString('en')}`,
    ...(inFlight > 0 ? [`${inFlight} in flight`] : []),
    ...describeCounts(differences),
  ];
  print(`${name}: ${notes.join(' · ')} (${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s)`);
  if (table.unpublished.length > 0) {
    print(
      `  Not compared, since the source does not publish them: ${table.unpublished.join(', ')}`,
    );
  }
  if (unverified !== undefined) print(`  Not vouched for: ${unverified}`);
  if (differences.length > 0) print(tableOf(differences));
  if (isCut) {
    print(
      `  Stopped at so many differences. make resync ${tableArgument(formatTableName(table.source))} reads all of the table again, and has what is gone removed`,
    );
  }
  const left = flags.repair === true ? await remedy() : differences;
  for (const line of remedies(table.consumer, left)) print(`  ${line}`);
  if (left.some(({ reason }) => isWrong(reason))) process.exitCode = 1;

  /** @returns what still differs */
  async function remedy(): Promise<readonly Difference[]> {
    const plan = planRepair(differences);
    const mended = new Set([...plan.read, ...plan.remove]);
    if (mended.size === 0) return differences;
    const how = flags.dryRun === true ? 'To be read again' : 'Read again';
    print(`  ${how}: ${plan.read.length} keys, removed: ${plan.remove.length}`);
    if (flags.dryRun === true) return differences;
    const still = await repair(options, table, plan, modelRows);
    const rest = [...differences.filter((one) => !mended.has(one)), ...still];
    const repaired = mended.size - still.length;
    await noteRepair(options.consumers, id, { repaired, left: rest });
    print(`  ${repaired} of ${mended.size} keys are equal now`);
    if (still.length > 0) print(tableOf(still));
    return rest;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

try {
  await program.parseAsync();
} catch (error) {
  printError(
    isConnectionError(error)
      ? 'A database does not answer. "make status" shows what runs.'
      : messageOf(error),
  );
  process.exitCode = 1;
}
