import { messageOf } from '@shelfcast/service-kit/message-of';
import { print, printable, printError } from '@shelfcast/service-kit/process/print';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Pool } from 'pg';
import { withConsumersDatabase } from '../cli/database.ts';
import { sayVariable } from '../cli/options.ts';
import {
  addSubscriber,
  disableSubscriber,
  discard,
  enableSubscriber,
  isSubscriber,
  listDeliveries,
  listSubscribers,
  type NewSubscriber,
  redeliver,
  removeSubscriber,
} from './admin.ts';

/** SQLSTATE. */
const UNDEFINED_TABLE = '42P01';

const program = new Command('webhooks')
  .description('Subscribers that are told of price changes, and what was delivered to them.')
  .configureOutput({ outputError: sayVariable });

const byId = () =>
  new Option('--id <subscriber>', 'id of the subscriber').env('ID').makeOptionMandatory();
const oneEvent = () =>
  new Option('--event <uuid>', 'one event; without it all that were given up')
    .env('EVENT')
    .argParser(uuid);

interface AddOptions
  extends Omit<NewSubscriber, 'productIds' | 'minRelativeChange' | 'ratePerSecond'> {
  readonly product?: string[];
  readonly minChange?: string;
  readonly rate?: number;
}

program
  .command('add')
  .description('add a subscriber, and show its secret')
  .addOption(
    new Option('--url <url>', 'http(s) address to POST to').env('URL').makeOptionMandatory(),
  )
  .addOption(new Option('--category <name>', 'only products of this category').env('CATEGORY'))
  .addOption(new Option('--brand <name>', 'only products of this brand').env('BRAND'))
  .addOption(
    new Option('--product <ids>', 'only these products, separated by commas')
      .env('PRODUCT')
      .argParser(productIds),
  )
  .addOption(
    new Option('--min-change <share>', 'only changes of at least this share (0.05 = 5 %)')
      .env('MIN_CHANGE')
      .argParser(share),
  )
  .addOption(
    new Option('--rate <n>', 'most webhooks per second (50)').env('RATE').argParser(wholeNumber),
  )
  .addOption(
    new Option('--secret <whsec>', 'signing secret; made when absent').env('WEBHOOK_SECRET'),
  )
  .action(({ product, minChange, rate, ...given }: AddOptions) =>
    withDatabase(async (pool) => {
      const { id, secret } = await addSubscriber(pool, {
        ...given,
        productIds: product,
        minRelativeChange: minChange,
        ratePerSecond: rate,
      });
      print(`Added ${id}\nSecret ${secret}\nKeep the secret: it is not shown again.`);
    }),
  );

program
  .command('list')
  .description('all subscribers, and how they are')
  .action(() =>
    withDatabase(async (pool) => {
      const table = new Table({
        head: ['id', 'url', 'filter', 'state', 'waiting', 'given up', 'delivered'],
        style: { head: [], border: [] },
      });
      for (const row of await listSubscribers(pool)) {
        const cells = [
          row.id,
          row.url,
          row.filter,
          row.state,
          `${row.waiting}`,
          `${row.failed}`,
          `${row.delivered}`,
        ];
        table.push(cells.map(printable));
      }
      print(table.length === 0 ? 'No subscribers: make webhook-add URL=…' : table.toString());
    }),
  );

program
  .command('remove')
  .description('remove a subscriber with its deliveries')
  .addOption(byId())
  .action(({ id }: { id: string }) =>
    withDatabase(async (pool) => {
      if (!(await removeSubscriber(pool, id))) throw noSuchSubscriber(id);
      print(`Removed ${id}`);
    }),
  );

for (const [name, description, work] of [
  ['enable', 'deliver to a subscriber again', enableSubscriber],
  ['disable', 'stop delivering; what waits stays', disableSubscriber],
] as const) {
  program
    .command(name)
    .description(description)
    .addOption(byId())
    .action(({ id }: { id: string }) =>
      withDatabase(async (pool) => {
        if (!(await work(pool, id))) throw noSuchSubscriber(id);
        print(`${id} is ${name}d`);
      }),
    );
}

program
  .command('deliveries')
  .description('the newest deliveries')
  .addOption(new Option('--id <subscriber>', 'of one subscriber').env('ID'))
  .addOption(new Option('--limit <n>', 'at most').default(50).argParser(wholeNumber))
  .action(({ id, limit }: { id?: string; limit: number }) =>
    withDatabase(async (pool) => {
      if (id !== undefined) await mustExist(pool, id);
      const table = new Table({
        head: [
          'event',
          'subscriber',
          'product',
          'price',
          'state',
          'attempts',
          'last answer',
          'next attempt',
        ],
        style: { head: [], border: [] },
      });
      for (const row of await listDeliveries(pool, { subscriberId: id, limit })) {
        const answer = row.lastError ?? row.lastStatus ?? '';
        const cells = [
          row.eventId,
          row.subscriberId,
          row.productId,
          row.price,
          row.state === 'failed' ? 'given up' : row.state,
          row.attempts,
          String(answer).slice(0, 60),
          row.nextAttemptAt ?? '',
        ];
        table.push(cells.map(printable));
      }
      print(table.length === 0 ? 'No deliveries.' : table.toString());
    }),
  );

program
  .command('redeliver')
  .description('send again what was given up, or one event')
  .addOption(byId())
  .addOption(oneEvent())
  .action(({ id, event }: { id: string; event?: string }) =>
    withDatabase(async (pool) => {
      await mustExist(pool, id);
      print(`${await redeliver(pool, { subscriberId: id, eventId: event })} to be sent again`);
    }),
  );

program
  .command('discard')
  .description(
    'give up for good what was given up, or one event; later events of the product go on',
  )
  .addOption(byId())
  .addOption(oneEvent())
  .action(({ id, event }: { id: string; event?: string }) =>
    withDatabase(async (pool) => {
      await mustExist(pool, id);
      print(`${await discard(pool, { subscriberId: id, eventId: event })} discarded`);
    }),
  );

function withDatabase(work: (pool: Pool) => Promise<void>): Promise<void> {
  return withConsumersDatabase(process.env, work);
}

async function mustExist(pool: Pool, id: string): Promise<void> {
  if (!(await isSubscriber(pool, id))) throw noSuchSubscriber(id);
}

function noSuchSubscriber(id: string): Error {
  return new Error(`There is no subscriber ${id}; make webhook-list shows all`);
}

function productIds(text: string): string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.includes('')) throw new InvalidArgumentError('Product ids are separated by one comma.');
  return ids;
}

function uuid(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new InvalidArgumentError('An event id is a UUID.');
  }
  return text;
}

function share(text: string): string {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('A share is a number like 0.05.');
  return text;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new InvalidArgumentError('A whole number between 1 and 10,000 is needed.');
  }
  return value;
}

// `make webhook-add BRAND=` means no brand, not the empty one.
for (const [name, value] of Object.entries(process.env)) if (value === '') delete process.env[name];

try {
  await program.parseAsync();
} catch (error) {
  printError(describe(error));
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === UNDEFINED_TABLE) {
    return 'This database has no webhooks yet: start the consumers once, they bring it up to date';
  }
  return messageOf(error);
}
