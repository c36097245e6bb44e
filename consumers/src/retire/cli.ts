import { createInterface } from 'node:readline/promises';
import { cliSettings } from '@shelfcast/connect-config/cli-settings';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { Command, Option } from 'commander';
import pg, { type Pool } from 'pg';
import { withConsumersDatabase } from '../cli/database.ts';
import { nonEmpty, sayVariable, switchOption } from '../cli/options.ts';
import { forgetConsumer, remainsOf } from './retired.ts';

interface Flags {
  readonly consumer: string;
  readonly yes?: boolean;
  readonly purge?: boolean;
}

const program = new Command('retire')
  .description('Forgets a consumer that no longer runs, so that it is not reported as missing.')
  .configureOutput({ outputError: sayVariable })
  .addOption(
    new Option('--consumer <name>', 'which')
      .env('CONSUMER')
      .argParser(nonEmpty)
      .makeOptionMandatory(),
  )
  .addOption(switchOption('--yes', 'do not ask', 'YES'))
  .addOption(switchOption('--purge', 'drop its schema with its read model, too', 'PURGE'))
  .action((flags: Flags) =>
    withAdmin((admin) => withConsumersDatabase(process.env, (db) => retire(db, admin, flags))),
  );

/**
 * Deletes the group's offsets, the runtime's rows and what is parked; with `purge` the consumer's schema.
 * @throws Error while a process hosts it, and for an unknown one; nothing is changed then
 */
async function retire(
  db: Pool,
  admin: Pick<KafkaAdmin, 'groupMembers' | 'groupOffsets' | 'deleteGroup'>,
  { consumer, yes, purge }: Flags,
): Promise<void> {
  const members = await admin.groupMembers(consumer);
  if (members.length > 0) {
    throw new Error(
      `${members.length} ${members.length === 1 ? 'process hosts' : 'processes host'} ${consumer}: take it out of CONSUMERS and CONSUMER_GROUPS and restart them first (make status). Nothing was changed.`,
    );
  }
  const { rows, parked, hasSchema } = await remainsOf(db, consumer);
  const offsets = await admin.groupOffsets(consumer);
  const { rowCount: retired } = await db.query('select from runtime.retired where consumer = $1', [
    consumer,
  ]);
  // A schema alone is none of a consumer.
  if (rows === 0 && offsets.length === 0 && retired === 0) {
    throw new Error(`Nothing is known of a consumer ${consumer}.`);
  }
  console.log(
    `Of ${consumer}: ${offsets.length} committed offsets, ${rows} rows of the runtime, ${parked} changes that could not be applied.`,
  );
  const schema = hasSchema
    ? purge === true
      ? 'is dropped'
      : 'stays (PURGE=1 drops it)'
    : 'is none';
  console.log(`All of that is deleted; its schema ${schema}.`);
  if (yes !== true && !(await confirm())) throw new Error('Nothing was changed.');
  await admin.deleteGroup(consumer);
  await inTransaction(db, async (tx) => {
    await forgetConsumer(tx, consumer, process.env.USER ?? 'cli');
    if (purge === true) {
      await tx.query(`drop schema if exists ${pg.escapeIdentifier(consumer)} cascade`);
    }
  });
  console.log(`${consumer} is retired. A process that hosts it again starts from scratch.`);
}

async function confirm(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Error('Nothing was changed. Say YES=1 (or --yes) to go on.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^(y|yes)$/i.test((await terminal.question('Go on? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

async function withAdmin(work: (admin: KafkaAdmin) => Promise<void>): Promise<void> {
  const connection = cliSettings(process.env).kafka;
  const admin = createKafka({
    connection,
    clientId: 'consumers-cli',
    log: silentLogger(),
  }).createAdmin();
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
