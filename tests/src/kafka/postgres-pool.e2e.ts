import { eventually } from '@shelfcast/service-kit/eventually';
import { isConnectionError } from '@shelfcast/service-kit/postgres/errors';
import {
  IN_TRANSACTION_SQL,
  inPipelinedTransaction,
} from '@shelfcast/service-kit/postgres/pipelined-transaction';
import { createPool, inTransaction, warmPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';

const url = fromEnvironment('TEST_POSTGRES_URL');
const test = suite<{ pool: Pool }>('postgres pool');

test.before((context) => {
  context.pool = createPool({ url, max: 4, applicationName: 'pool-test', log: silentLogger() });
});
test.after(({ pool }) => pool.end());

test('values are exact', async ({ pool }) => {
  const { rows } =
    await pool.query(`select 9007199254740993::int8 as big, 19.90::numeric(12,2) as price,
    7::int4 as small, '{"a": 1.10}'::jsonb as doc, date '2026-02-28' as day, null::int8 as nothing,
    timestamptz '2026-01-01 00:00:00.123456+00' at time zone 'UTC' as moment`);
  assert.equal(rows, [
    {
      big: 9007199254740993n,
      price: '19.90',
      small: 7,
      doc: '{"a": 1.10}',
      day: '2026-02-28',
      nothing: null,
      moment: '2026-01-01 00:00:00.123456',
    },
  ]);
});

test('a transaction is all or nothing, and gives its connection back', async ({ pool }) => {
  const name = `pool_test_${process.pid}`;
  try {
    await inTransaction(pool, (client) => client.query(`create table ${name} (n int)`));
    await inTransaction(pool, async (client) => {
      await client.query(`insert into ${name} values (1)`);
      throw new Error('changed our mind');
    }).catch((error) => assert.match(String(error), /changed our mind/));
    for (let round = 0; round < 10; round += 1) {
      await inTransaction(pool, (client) => client.query('select 1/0')).catch(() => {});
    }
    const { rows } = await pool.query(`select count(*)::int as count from ${name}`);
    assert.equal(rows, [{ count: 0 }]);
    assert.is(pool.waitingCount, 0);
  } finally {
    await pool.query(`drop table if exists ${name}`);
  }
});

test('connections that break are replaced, in use and idle', async ({ pool }) => {
  await warmPool(pool, 4);
  assert.is(pool.idleCount, 4);
  const kill = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'pool-test' and pid <> pg_backend_pid()`;

  const failure = await inTransaction(pool, (client) =>
    client.query('select pg_terminate_backend(pg_backend_pid())'),
  ).catch((error: unknown) => error);
  assert.ok(isConnectionError(failure), String(failure));
  await pool.query(kill);
  await eventually(() => pool.totalCount <= 1, { what: 'broken idle connections to be dropped' });

  assert.equal((await inTransaction(pool, (client) => client.query('select 1 as one'))).rows, [
    { one: 1 },
  ]);
});

test('a statement does not run for ever', async () => {
  const pool = createPool({
    url,
    max: 1,
    applicationName: 'pool-test-timeout',
    statementTimeoutMs: 50,
    log: silentLogger(),
  });
  try {
    await pool.query('select pg_sleep(10)');
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /statement timeout/);
  } finally {
    await pool.end();
  }
});

test('a pipelined transaction fails with what failed first, and is all or nothing', async ({
  pool,
}) => {
  const name = `pipeline_test_${process.pid}`;
  await pool.query(`create table ${name} (n int primary key)`);
  const put = (n: number) => ({ text: `insert into ${name} values ($1)`, values: [n] });
  try {
    const limit = { timeoutMs: 10_000 };
    await inPipelinedTransaction(pool, async ({ write }) => write(put(1)), limit);
    const failure = await inPipelinedTransaction(
      pool,
      async ({ client, write }) => {
        write(put(2));
        write(put(1));
        await client.query('select 1'); // only says that the transaction is aborted
      },
      limit,
    ).catch((error: unknown) => error);
    assert.match(String(failure), /duplicate key/);
    const late = await inPipelinedTransaction(
      pool,
      async ({ write }) => {
        write(put(3));
        write(put(1));
      },
      limit,
    ).catch((error: unknown) => error);
    assert.match(String(late), /duplicate key/);
    const { rows } = await pool.query(`select array_agg(n) as all from ${name}`);
    assert.equal(rows, [{ all: [1] }]);
    assert.is(pool.waitingCount, 0);
  } finally {
    await pool.query(`drop table if exists ${name}`);
  }
});

test('a statement that is sent with `begin` has no effect when `begin` alone is cancelled', async ({
  pool,
}) => {
  const text = `select 1 as one where ${IN_TRANSACTION_SQL}`;
  const open = await inPipelinedTransaction(
    pool,
    async ({ client }) => (await client.query(text)).rows,
    { timeoutMs: 10_000 },
  );
  assert.equal(open, [{ one: 1 }]);
  const client = await pool.connect();
  try {
    assert.equal((await client.query(text)).rows, [], 'not left over from another transaction');
  } finally {
    client.release();
  }
});

test.run();
