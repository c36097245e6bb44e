import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { fromEnvironment } from './environment.ts';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A fresh database on the test stack's Postgres (TEST_POSTGRES_URL, set by the global set-up). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = fromEnvironment('TEST_POSTGRES_URL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runAs(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: () => runAs(adminUrl, `drop database ${name} with (force)`),
  };
}

async function runAs(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
