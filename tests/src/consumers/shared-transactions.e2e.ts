import type { PipelinedTransaction } from '@shelfcast/service-kit/postgres/pipelined-transaction';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import {
  createSharedTransactions,
  type Part,
  type SharedTransactions,
} from '@shelfcast/service-kit/postgres/shared-transactions';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';

const test = suite<{ pool: Pool }>('shared transactions');
const table = `shared_transactions_${process.pid}`;
const MINUTE_MS = 60_000;

test.before(async (context) => {
  context.pool = createPool({
    url: fromEnvironment('TEST_POSTGRES_URL'),
    max: 6,
    applicationName: 'shared-transactions-test',
    log: silentLogger(),
  });
  await context.pool.query(`create table ${table} (name text, xid text)`);
});
test.before.each(({ pool }) => pool.query(`truncate ${table}`).then(() => {}));
test.after(async ({ pool }) => {
  await pool.query(`drop table ${table}`);
  await pool.end();
});

function share(pool: Pool, nowMs?: () => number): SharedTransactions {
  return createSharedTransactions({
    pool,
    onFailure: () => {},
    ...(nowMs === undefined ? {} : { nowMs }),
  });
}

/** Notes its name and its transaction, in two round trips. */
function noting(name: string, size = 1): Part<string> {
  return { name, size, timeoutMs: 10_000, run: (tx) => note(tx, name) };
}

async function note({ client, begun, write }: PipelinedTransaction, name: string): Promise<string> {
  await begun;
  await client.query('select 1');
  write({ text: `insert into ${table} values ($1, pg_current_xact_id()::text)`, values: [name] });
  return name;
}

async function noted(pool: Pool): Promise<{ names: string[]; transactions: number }> {
  const { rows } = await pool.query<{ name: string; xid: string }>(
    `select name, xid from ${table} order by name`,
  );
  return {
    names: rows.map(({ name }) => name),
    transactions: new Set(rows.map(({ xid }) => xid)).size,
  };
}

test('parts that are asked for together are one transaction; later ones another', async ({
  pool,
}) => {
  const { transact } = share(pool);
  assert.equal(await Promise.all(['b', 'a', 'c'].map((name) => transact(noting(name)))), [
    'b',
    'a',
    'c',
  ]);
  assert.equal(await noted(pool), { names: ['a', 'b', 'c'], transactions: 1 });
  await transact(noting('d'));
  assert.equal(await noted(pool), { names: ['a', 'b', 'c', 'd'], transactions: 2 });
});

test('one that fails fails alone, without an effect; for a minute no consumer shares', async ({
  pool,
}) => {
  let nowMs = 0;
  const { transact } = share(pool, () => nowMs);
  for (const fail of [
    async ({ client }: PipelinedTransaction) => void (await client.query('select 1/0')),
    async () => {
      throw new Error('not a number: division by zero');
    },
  ]) {
    await pool.query(`truncate ${table}`);
    nowMs += 2 * MINUTE_MS;
    const failing: Part<void> = {
      ...noting('b'),
      async run(tx) {
        await note(tx, 'b');
        await fail(tx);
      },
    };
    const [a, b, c] = await Promise.allSettled([
      transact(noting('a')),
      transact(failing),
      transact(noting('c')),
    ]);
    assert.equal([a?.status, b?.status, c?.status], ['fulfilled', 'rejected', 'fulfilled']);
    if (b?.status === 'rejected') assert.match(String(b.reason), /division by zero/);
    assert.equal(await noted(pool), { names: ['a', 'c'], transactions: 2 });
  }

  await pool.query(`truncate ${table}`);
  await Promise.all([transact(noting('a')), transact(noting('b'))]);
  assert.is((await noted(pool)).transactions, 2);
  nowMs += MINUTE_MS;
  await pool.query(`truncate ${table}`);
  await Promise.all([transact(noting('a')), transact(noting('b'))]);
  assert.is((await noted(pool)).transactions, 1);
});

test('one that hangs holds the others up for about a second, once', async ({ pool }) => {
  const { transact } = share(pool);
  const forEver: Part<string> = {
    ...noting('hanging'),
    timeoutMs: 4_000,
    run: () => new Promise(() => {}),
  };
  const hanging = () => transact(forEver).catch(String);
  const first = hanging();
  const startedAt = performance.now();
  await transact(noting('a'));
  assert.ok(performance.now() - startedAt < 3_000, 'it waited for the one that hangs');
  const second = hanging();
  await transact(noting('b'));
  assert.equal(await noted(pool), { names: ['a', 'b'], transactions: 2 });
  assert.match(await first, /not done in 4000 ms/);
  assert.match(await second, /not done in 4000 ms/);
  assert.is(pool.waitingCount, 0);
});

test('a statement that hangs is given up by the server: its locks hold up no other', async ({
  pool,
}) => {
  const { transact } = share(pool);
  await pool.query(`insert into ${table} values ('row', '0')`);
  const touching = (name: string): Part<string> => ({
    ...noting(name),
    async run({ client, begun }) {
      await begun;
      await client.query(`update ${table} set xid = $1 where name = 'row'`, [name]);
      return name;
    },
  });
  const sleeping: Part<string> = {
    ...noting('z'),
    timeoutMs: 3_000,
    async run({ client, begun }) {
      await begun;
      await client.query('select pg_sleep(10)');
      return 'z';
    },
  };
  const slow = transact(sleeping).catch(String);
  const startedAt = performance.now();
  assert.is(await transact(touching('a')), 'a');
  assert.ok(performance.now() - startedAt < 2_500, 'it waited for the locks of what was given up');
  assert.match(await slow, /not done in 3000 ms/);
});

test('large ones run side by side', async ({ pool }) => {
  const { transact } = share(pool);
  await Promise.all([transact(noting('a', 30)), transact(noting('b', 30))]);
  assert.equal(await noted(pool), { names: ['a', 'b'], transactions: 2 });
});

test.run();
