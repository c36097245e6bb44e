import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLogger } from '../process/logging.ts';
import { isConnectionError, isRetriableDatabaseError } from './errors.ts';
import { createPool, inTransaction } from './pool.ts';

const test = suite('postgres errors');

const withCode = (code: string) => Object.assign(new Error(code), { code });

test('tells lost connections, what may succeed later, and what never will', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', '08006', '57P01', '57P03']) {
    assert.ok(isConnectionError(withCode(code)), code);
    assert.ok(isRetriableDatabaseError(withCode(code)), code);
  }
  for (const code of ['40001', '40P01', '53300', '55P03']) {
    assert.not(isConnectionError(withCode(code)), code);
    assert.ok(isRetriableDatabaseError(withCode(code)), code);
  }
  for (const code of ['23505', '42P01', '22003', '57014', 'EACCES']) {
    assert.not(isRetriableDatabaseError(withCode(code)), code);
  }
  assert.not(isRetriableDatabaseError('a text'));
  assert.not(isRetriableDatabaseError(undefined));
});

test('looks into causes and aggregates', () => {
  const cause = withCode('ECONNRESET');
  assert.ok(isConnectionError(new Error('query failed', { cause })));
  assert.ok(isConnectionError(new AggregateError([withCode('ECONNREFUSED')], '')));
  assert.ok(isConnectionError(new Error('Connection terminated unexpectedly')));
});

test('a database that is not there is a connection error, with a broken client let go', async () => {
  const pool = createPool({
    url: 'postgres://nobody@127.0.0.1:1/none',
    max: 1,
    applicationName: 'test',
    log: silentLogger(),
  });
  assert.instance(pool, pg.Pool);
  await inTransaction(pool, async () => {}).then(
    () => assert.unreachable(),
    (error) => assert.ok(isConnectionError(error)),
  );
  await pool.end();
});

test.run();
