import { messageOf } from '@shelfcast/service-kit/message-of';
import { isConnectionError } from '@shelfcast/service-kit/postgres/errors';
import { print, printable, printError } from '@shelfcast/service-kit/process/print';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import type { Pool } from 'pg';
import { z } from 'zod';
import { registered } from '../registered.ts';
import {
  type CommandKind,
  type CommandResult,
  commandArguments,
  selection,
} from '../runtime/commands/arguments.ts';
import { answerTo, requestCommand, withdraw } from '../runtime/commands/queue.ts';
import { type DeadLetter, listDeadLetters } from '../runtime/parking/dead-letters.ts';
import { type RedriveOutcome, redriveOutcome } from '../runtime/parking/redrive-outcome.ts';
import { withConsumersDatabase } from './database.ts';
import { nonEmpty, sayVariable, switchOption } from './options.ts';

const ANSWER_TIMEOUT_MS = 30_000;
const TELL_AFTER_MS = 2_000;
/** How long a redrive is followed; what comes later is seen in the list of dead letters. */
const OUTCOME_TIMEOUT_MS = 15_000;
const MOST_DEAD_LETTERS = 10_000;
const TOO_LATE = 'Too late to withdraw it: it is done, or being done.';
const names = registered.map(({ name }) => name);

const program = new Command('consumers')
  .description(
    'Operates the consumers: what they could not apply, and pausing them. Every option may be given as the environment variable shown, which is how make gives them.',
  )
  .configureOutput({ outputError: sayVariable });

const consumerOption = () =>
  new Option('--consumer <name>', 'whose').env('CONSUMER').choices(names);

interface SelectionFlags {
  readonly consumer: string;
  readonly id?: string;
  readonly entity?: string;
  readonly key?: string;
  readonly error?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

function selective(command: Command): Command {
  return command
    .addOption(consumerOption().makeOptionMandatory())
    .addOption(new Option('--id <ids>', 'ids of dead letters, separated by commas').env('ID'))
    .addOption(new Option('--entity <name>', 'all of this table').env('ENTITY').argParser(nonEmpty))
    .addOption(new Option('--key <key>', 'this key').env('KEY').argParser(nonEmpty))
    .addOption(new Option('--error <type>', 'all with this error').env('ERROR').argParser(nonEmpty))
    .addOption(switchOption('--all', 'everything that waits', 'ALL'))
    .addOption(switchOption('--dry-run', 'only say what would be done', 'DRY_RUN'));
}

const selectionOf = ({ id, entity, key, error, all, dryRun }: SelectionFlags) => ({
  ids: id?.split(',').map((one) => one.trim()),
  entity,
  key,
  errorType: error,
  ...(all === true ? { all } : {}),
  ...(dryRun === true ? { dryRun } : {}),
});

program
  .command('dead-letters')
  .description('list the changes that could not be applied, the oldest of each key')
  .addOption(consumerOption())
  .addOption(new Option('--limit <n>', 'how many').env('LIMIT').default('50'))
  .action(({ consumer, limit }: { consumer?: string; limit: string }) =>
    withDatabase((pool) => showDeadLetters(pool, consumer, limit)),
  );

selective(program.command('redrive'))
  .description('try again what could not be applied')
  .addOption(new Option('--rate <n>', 'keys per second').env('RATE'))
  .addOption(
    new Option('--edit <json>', 'columns that replace those of the record, as a JSON object').env(
      'EDIT',
    ),
  )
  .addOption(switchOption('--force', 'also what was redriven too often', 'FORCE'))
  .action((flags: SelectionFlags & { rate?: string; edit?: string; force?: boolean }) =>
    ask(flags.consumer, 'redrive', {
      ...selectionOf(flags),
      ratePerSecond: flags.rate === undefined ? undefined : Number(flags.rate),
      edit: flags.edit === undefined ? undefined : parseJson(flags.edit),
      ...(flags.force === true ? { force: true } : {}),
    }),
  );

selective(program.command('discard'))
  .description('give up the oldest waiting change of each key, and go on with the next')
  .addOption(new Option('--reason <text>', 'why').env('REASON').makeOptionMandatory())
  .action((flags: SelectionFlags & { reason: string }) =>
    ask(flags.consumer, 'discard', { ...selectionOf(flags), reason: flags.reason }),
  );

program
  .command('pause')
  .description('stop handling changes; they wait in Kafka')
  .addOption(consumerOption().makeOptionMandatory())
  .addOption(new Option('--reason <text>', 'why').env('REASON').makeOptionMandatory())
  .action(({ consumer, reason }: { consumer: string; reason: string }) =>
    ask(consumer, 'pause', { reason }),
  );

program
  .command('resume')
  .description('go on after a pause')
  .addOption(consumerOption().makeOptionMandatory())
  .action(({ consumer }: { consumer: string }) => ask(consumer, 'resume', {}));

async function showDeadLetters(
  pool: Pool,
  consumer: string | undefined,
  limit: string,
): Promise<void> {
  const count = z.coerce.number().int().positive().max(10_000).parse(limit);
  const rows = await listDeadLetters(pool, {
    consumer,
    limit: count,
  });
  if (rows.length === 0) {
    print('Nothing waits: every change was applied.');
    return;
  }
  const table = new Table({
    head: ['id', 'consumer', 'entity', 'key', 'waiting', 'state', 'tries', 'since (UTC)', 'error'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const cells = [
      row.id,
      row.consumer,
      row.entity,
      row.key,
      `${row.waiting}`,
      row.state,
      `${row.attempts}`,
      row.parkedAt.slice(0, 19).replace('T', ' '),
      `${row.errorType}: ${row.errorMessage}`.slice(0, 100),
    ];
    table.push(cells.map(printable));
  }
  print(table.toString());
}

/** Writes a command down and waits for the consumer's answer. */
async function ask(consumer: string, kind: CommandKind, args: unknown): Promise<void> {
  const checked = commandArguments[kind].parse(args);
  const dryRun = Reflect.get(checked, 'dryRun') === true;
  await withDatabase(async (pool) => {
    const by = process.env.USER ?? 'cli';
    const before =
      kind === 'redrive' && !dryRun
        ? await listDeadLetters(pool, { consumer, limit: MOST_DEAD_LETTERS })
        : [];
    const id = await requestCommand(pool, { consumer, kind, args: checked, by });
    const interrupted = withdrawWhenInterrupted(pool, id);
    const telling = setTimeout(
      () => printError(`Waiting for a process that hosts ${consumer} …`),
      TELL_AFTER_MS,
    );
    const answer = await answerTo(pool, id, ANSWER_TIMEOUT_MS).finally(() => {
      clearTimeout(telling);
      interrupted.stop();
    });
    if (answer === undefined) {
      if (await withdraw(pool, id)) {
        throw new Error(
          `No process hosts the consumer ${consumer}: none answered within ${ANSWER_TIMEOUT_MS / 1000} s, and nothing was done. "make status" shows what runs.`,
        );
      }
    }
    describe(kind, consumer, dryRun, answer);
    if (kind === 'redrive' && !dryRun && answer !== undefined && answer.done > 0) {
      const asked = before.filter(isChosen(selection.parse(args), answer.refused));
      sayOutcome(await redriveOutcome(pool, asked, OUTCOME_TIMEOUT_MS));
    }
  });
}

/** Which dead letters a command was for. */
function isChosen(
  { ids, entity, key, errorType }: z.infer<typeof selection>,
  refused: CommandResult['refused'],
): (letter: DeadLetter) => boolean {
  return (letter) =>
    (ids === undefined || ids.includes(letter.id)) &&
    (entity === undefined || letter.entity === entity) &&
    (key === undefined || letter.key === key) &&
    (errorType === undefined || letter.errorType === errorType) &&
    !refused.some((other) => other.entity === letter.entity && other.key === letter.key);
}

/** A redrive only begins when its command is answered; this is what came of it. */
function sayOutcome({ gone, failed, untried }: RedriveOutcome): void {
  print(`${gone} took effect, ${failed.length} failed again.`);
  for (const { entity, key, errorType, errorMessage } of failed.slice(0, 20)) {
    print(printable(`  ${entity} ${key}: ${errorType}: ${errorMessage}`.slice(0, 300)));
  }
  if (untried > 0) print(`${untried} are still to be tried; "make dead-letters" shows them.`);
  if (failed.length > 0) process.exitCode = 1;
}

/** Who interrupts a command must not find it carried out an hour later. */
function withdrawWhenInterrupted(pool: Pool, id: string): { stop(): void } {
  const onSignal = (): void => {
    withdraw(pool, id)
      .then((withdrawn) => printError(withdrawn ? 'Withdrawn: nothing was done.' : TOO_LATE))
      .catch(() => printError('It could not be withdrawn, and may still be done.'))
      .finally(() => process.exit(130));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return {
    stop() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}

function describe(
  kind: CommandKind,
  consumer: string,
  dryRun: boolean,
  answer: CommandResult | undefined,
): void {
  if (kind === 'pause')
    print(`${consumer} is paused; "make consumer-resume CONSUMER=${consumer}" ends that.`);
  else if (kind === 'resume') print(`${consumer} goes on.`);
  else {
    const { matched = 0, done = 0, refused = [] } = answer ?? {};
    const verb = kind === 'redrive' ? 'tried again' : 'discarded';
    print(`${done} of ${matched} keys ${dryRun ? 'would be' : 'are'} ${verb}.`);
    for (const { entity, key, reason } of refused)
      print(printable(`  not ${entity} ${key}: ${reason}`));
    if (matched === 0) process.exitCode = 1;
  }
}

function withDatabase(work: (pool: Pool) => Promise<void>): Promise<void> {
  return withConsumersDatabase(process.env, work);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`EDIT is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** What make and the environment call the arguments whose names differ from their variables. */
const VARIABLES: Readonly<Record<string, string>> = {
  ids: 'ID',
  errorType: 'ERROR',
  ratePerSecond: 'RATE',
  edit: 'EDIT',
  reason: 'REASON',
};

function explain(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues
      .map(({ path: [name, ...rest], message }) =>
        [VARIABLES[String(name)] ?? name, ...rest.filter((part) => typeof part === 'string')]
          .join('.')
          .concat(` ${message}`)
          .trim(),
      )
      .join('\n');
  if (isConnectionError(error))
    return 'The consumers database does not answer. "make status" shows what runs.';
  return messageOf(error);
}

try {
  await program.parseAsync();
} catch (error) {
  printError(explain(error));
  process.exitCode = 1;
}
