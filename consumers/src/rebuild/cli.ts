import { setTimeout as delay } from 'node:timers/promises';
import { cliSettings } from '@shelfcast/connect-config/cli-settings';
import { openConnectorContext } from '@shelfcast/connect-config/open-context';
import { assertConnectorRuns } from '@shelfcast/connect-config/snapshot';
import { isConnectionError } from '@shelfcast/service-kit/postgres/errors';
import { print, printError } from '@shelfcast/service-kit/process/print';
import { Command, Option } from 'commander';
import type { Pool } from 'pg';
import { withConsumersDatabase } from '../cli/database.ts';
import { switchOption } from '../cli/options.ts';
import { registered } from '../registered.ts';
import type { Consumer } from '../runtime/contract/definition.ts';
import { countDeadLetters } from '../runtime/parking/dead-letters.ts';
import { rebuildable } from './rebuildable.ts';
import { cancelRebuild, type RebuildRow, readRebuild, requestRebuild } from './rebuilds.ts';
import { giveSnapshot, type SnapshotSource } from './snapshot.ts';

const POLL_MS = 300;
/** Within this time some process that hosts the consumer has to begin. */
const BEGIN_TIMEOUT_MS = 60_000;

interface Flags {
  readonly consumer?: string;
  readonly keepOld?: boolean;
  readonly cancel?: boolean;
}

const program = new Command('rebuild')
  .description(
    'Builds a read model again, beside the one in use, and swaps it in. Every option may be given as the environment variable shown, which is how make gives them.',
  )
  .addOption(new Option('--consumer <name>', 'whose read model').env('CONSUMER'))
  .addOption(
    switchOption('--keep-old', 'keep the replaced generation as schema <name>_old', 'KEEP_OLD'),
  )
  .addOption(switchOption('--cancel', 'give up the rebuild that is under way', 'CANCEL'))
  .action(async ({ consumer, keepOld, cancel }: Flags) => {
    const definition = rebuildable(registered, consumer);
    await withConsumersDatabase(process.env, async (db) => {
      if (cancel === true) await giveUp(db, definition.name);
      else await rebuild(db, definition, keepOld === true);
    });
  });

async function rebuild(db: Pool, definition: Consumer, keepOld: boolean): Promise<void> {
  const { name } = definition;
  await withSource(async (source) => {
    await assertConnectorRuns(source);
    const requestedBy = process.env.USER ?? 'cli';
    const row = await requestRebuild(db, { consumer: name, requestedBy, keepOld });
    print(
      row.state === 'waiting'
        ? `Rebuild ${row.id} of ${name} asked for.`
        : `Rebuild ${row.id} of ${name} is under way: going on with it.`,
    );
    process.once('SIGINT', () => {
      print(
        `\nThe rebuild stays open, and the read model in use is not touched by it. "make rebuild CONSUMER=${name}" goes on with it; with CANCEL=1 it is given up.`,
      );
      process.exit(130);
    });
    await follow(db, source, definition, row);
  });
}

/** Does what is the terminal's to do, and tells of the rest, until the rebuild has ended. */
async function follow(
  db: Pool,
  source: SnapshotSource,
  definition: Consumer,
  begun: RebuildRow,
): Promise<void> {
  const beginBefore = Date.now() + BEGIN_TIMEOUT_MS;
  let told = '';
  let given = false;
  let failure: unknown;
  for (let row: RebuildRow | undefined = begun; ; row = await readRebuild(db, begun.id)) {
    if (row === undefined) throw new Error('The rebuild was removed.');
    if (row.progress !== told) print(`${definition.name}: ${row.progress}`);
    told = row.progress;
    if (row.state === 'done') {
      print(`Done. The swap kept ${definition.name} waiting for ${row.lockedMs} ms.`);
      await tellOfDeadLetters(db, definition.name);
      return;
    }
    if (row.state === 'failed') throw new Error(`The rebuild failed: ${row.progress}`);
    if (row.state === 'cancelled') throw new Error(`The rebuild was cancelled.`);
    if (row.state === 'waiting' && Date.now() > beginBefore) {
      await cancelRebuild(db, definition.name, 'nobody');
      throw new Error(
        `No process hosts the consumer ${definition.name}, so nothing was done. "make status" shows what runs.`,
      );
    }
    if (row.state === 'reading' && row.snapshotEnded === null && !given) {
      given = true;
      void giveSnapshot(db, source, row, definition).catch((error: unknown) => {
        failure = error;
      });
    }
    if (failure !== undefined) throw failure;
    await delay(POLL_MS);
  }
}

/** The read model lacks what could not be applied, also where the one before it had that. */
async function tellOfDeadLetters(db: Pool, name: string): Promise<void> {
  const waiting = (await countDeadLetters(db)).filter(({ consumer }) => consumer === name);
  const keys = waiting.reduce((sum, entry) => sum + entry.keys, 0);
  if (keys === 0) return;
  printError(
    `${keys === 1 ? '1 key' : `${keys} keys`} could not be applied and may be missing in it: "make dead-letters CONSUMER=${name}".`,
  );
  process.exitCode = 1;
}

async function giveUp(db: Pool, name: string): Promise<void> {
  const row = await cancelRebuild(db, name, process.env.USER ?? 'cli');
  if (row === undefined) {
    throw new Error(`No rebuild of ${name} is under way that could be cancelled.`);
  }
  print(
    `Rebuild ${row.id} of ${name} is given up; the read model in use was not touched. What was built is removed by the process that built it.`,
  );
}

async function withSource(work: (source: SnapshotSource) => Promise<void>): Promise<void> {
  const { context, close } = openConnectorContext({
    ...cliSettings(process.env),
    clientId: 'shelfcast-rebuild',
    log: console.log,
  });
  try {
    await work(context);
  } finally {
    await close();
  }
}

try {
  await program.parseAsync();
} catch (error) {
  printError(
    isConnectionError(error)
      ? 'A database does not answer. "make status" shows what runs.'
      : error instanceof Error
        ? error.message
        : String(error),
  );
  process.exitCode = 1;
}
