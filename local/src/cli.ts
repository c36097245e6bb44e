import { printError } from '@shelfcast/service-kit/process/print';
import { Command, Option } from 'commander';
import { checkoutRoot } from './checkout.ts';
import { doctor } from './commands/doctor.ts';
import { exec } from './commands/exec.ts';
import { logs } from './commands/logs.ts';
import { psql } from './commands/psql.ts';
import { reset } from './commands/reset.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { configuredVariables } from './configured.ts';
import { isErrno } from './errno.ts';
import { readSettings } from './settings.ts';
import { asRemembered, recallStack } from './start/remember.ts';
import { readState } from './supervisor/state.ts';
import { explain } from './view/explain.ts';

/** The commands behind the make targets. Options are also read from the environment, which is how make hands them over. */
const program = new Command('local')
  .description('The whole system on this machine: real components, no Docker.')
  .enablePositionalOptions()
  .showHelpAfterError();

/** What the environment asks for; where the stack was started otherwise, as it was. */
const settings = () => readSettings(process.env, {}, configuredVariables(process.env));
const runningSettings = () => {
  const recalled = recallStack(settings().stateDir);
  if (!recalled) return settings();
  // The number of brokers also decides what others default to, such as replicas.
  return asRemembered(readSettings({ ...process.env, BROKERS: `${recalled.brokers}` }));
};

/** What a start would use now, unless something was started already. */
const examinedSettings = () => (readState(settings().stateDir) ? runningSettings() : settings());

program
  .command('start')
  .description('start everything, or make sure that it runs')
  .action(() => start(settings()));

program
  .command('stop')
  .description('end everything; the data stays')
  .action(() => stop(settings().stateDir));

program
  .command('status')
  .description('what runs, for how long, and what it uses')
  .action(async () => {
    const sound = await status(settings().stateDir, (text) => process.stdout.write(text));
    if (!sound) process.exitCode = 1;
  });

program
  .command('logs')
  .description('follow the logs')
  .addOption(new Option('--service <name>', 'one component only').env('SERVICE'))
  .addOption(
    new Option('--follow <0|1>', 'keep following').env('FOLLOW').choices(['0', '1']).default('1'),
  )
  .action((options: { service?: string; follow: string }) =>
    logs(settings().stateDir, {
      service: options.service || undefined,
      follow: options.follow === '1',
      lines: 40,
      write: (text) => process.stdout.write(text),
    }),
  );

program
  .command('reset')
  .description('end everything and delete the data, after asking')
  .addOption(new Option('--yes <0|1>', 'do not ask').env('YES').choices(['0', '1']).default('0'))
  .action((options: { yes: string }) => reset(settings().stateDir, { yes: options.yes === '1' }));

program
  .command('doctor')
  .description('name what is wrong with machine, stack and pipeline, and what mends it')
  .addOption(
    new Option('--json [0|1]', 'for programs')
      .env('JSON')
      .choices(['0', '1'])
      .preset('1')
      .default('0'),
  )
  .action(async (options: { json: string }) => {
    const sound = await doctor(examinedSettings(), {
      env: process.env,
      json: options.json === '1',
      color: process.stdout.isTTY && !process.env.NO_COLOR,
      write: (text) => process.stdout.write(text),
    });
    if (!sound) process.exitCode = 1;
  });

program
  .command('psql')
  .description('SQL on one of the databases')
  .addOption(new Option('--db <name>', 'the database').env('DB').default('products'))
  .addOption(new Option('--sql <text>', 'run this instead of a session').env('SQL'))
  .action(async (options: { db?: string; sql?: string }) => {
    process.exitCode = await psql(runningSettings(), {
      database: options.db || undefined,
      sql: options.sql || undefined,
    });
  });

program
  .command('exec', { hidden: true })
  .description("run a command with the stack's addresses in its environment")
  .argument('<command...>')
  .passThroughOptions()
  .action(async (command: string[]) => {
    process.exitCode = await exec(runningSettings(), command);
  });

// `make status | head`: the reader has closed the pipe.
process.stdout.on('error', (error) => {
  if (!isErrno(error, 'EPIPE')) throw error;
  process.exit();
});

try {
  process.loadEnvFile(`${checkoutRoot}.env`);
} catch (error) {
  if (!isErrno(error, 'ENOENT')) throw error;
}
try {
  await program.parseAsync();
} catch (error) {
  printError(explain(error));
  process.exitCode = 1;
}
