import { messageOf } from '@shelfcast/service-kit/message-of';
import { print, printError } from '@shelfcast/service-kit/process/print';
import { Command, InvalidArgumentError, Option } from 'commander';
import pg from 'pg';
import { runDemo } from './demo.ts';
import { migrateProducts } from './migrate.ts';
import { seedProducts } from './seed.ts';
import { productDatabaseSettings } from './settings.ts';

const program = new Command('product-database').description(
  'The products database: schema, example catalogue, and a demo that keeps editing it.',
);

program
  .command('migrate')
  .description('create or update tables, publication and the debezium role')
  .action(async () => {
    await migrateProducts({ ...productDatabaseSettings(process.env), log: print });
  });

program
  .command('seed')
  .description('fill an empty database with the example catalogue')
  .action(async () => {
    const { connectionString } = productDatabaseSettings(process.env);
    const { products, discounts, countries } = await seedProducts({ connectionString });
    print(
      products === 0
        ? 'There are products already: nothing seeded'
        : `Seeded ${products} products, ${discounts} discounts, ${countries} countries`,
    );
  });

program
  .command('demo')
  .description('keep editing products until Ctrl-C')
  .addOption(
    new Option('--rate <n>', 'changes per second').env('RATE').default(2).argParser(parseRate),
  )
  .action(async ({ rate }: { rate: number }) => {
    const { connectionString } = productDatabaseSettings(process.env);
    const interrupted = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => interrupted.abort());
    }
    const client = new pg.Client({ connectionString, application_name: 'shelfcast-demo' });
    await client.connect();
    try {
      const changes = await runDemo({
        db: client,
        changesPerSecond: rate,
        signal: interrupted.signal,
        onChange: print,
      });
      print(`Stopped after ${changes} changes`);
    } finally {
      await client.end();
    }
  });

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && rate <= 1000)) {
    throw new InvalidArgumentError('The rate must be a number between 0 and 1000.');
  }
  return rate;
}

try {
  await program.parseAsync();
} catch (error) {
  printError(messageOf(error));
  process.exitCode = 1;
}
