import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '@shelfcast/local/checkout';
import pg from 'pg';
import { fromEnvironment } from './environment.ts';
import { connectSuperuser } from './superuser.ts';

/** Settings that change how Postgres prints values; each is a session's own, unless that says otherwise. */
const ODD_SETTINGS: Readonly<Record<string, string>> = {
  bytea_output: 'escape',
  datestyle: 'SQL, DMY',
  default_transaction_isolation: 'serializable',
  extra_float_digits: '-15',
  idle_in_transaction_session_timeout: '200ms',
  intervalstyle: 'sql_standard',
  lc_monetary: 'POSIX',
  quote_all_identifiers: 'on',
  search_path: 'pg_catalog',
  statement_timeout: '20s',
  timezone: 'Asia/Kathmandu',
  xmlbinary: 'hex',
  xmloption: 'document',
};

/** A database of its own, with a role of its own for Debezium. */
export interface OddDatabase {
  /** As its owner, without the odd settings. */
  readonly url: string;
  /** What makes a connector capture it, as that role. */
  readonly config: Readonly<Record<string, string>>;
  drop(): Promise<void>;
}

/**
 * Makes a database in which the settings of the database, of Debezium's role, and of the role in the database are odd.
 * What a session says at its startup counts for more than any of them, and than those of the server.
 */
export async function createOddDatabase(extensions: readonly string[]): Promise<OddDatabase> {
  const name = `odd_${randomBytes(4).toString('hex')}`;
  const superuser = await connectSuperuser();
  await superuser.query(
    `create role ${name} login replication password '${name}' in role debezium`,
  );
  await superuser.query(`create database ${name} owner shelfcast`);
  for (const [setting, value] of Object.entries(ODD_SETTINGS)) {
    const assignment = setting === 'search_path' ? value : `'${value}'`;
    await superuser.query(`alter database ${name} set ${setting} to ${assignment}`);
    await superuser.query(`alter role ${name} set ${setting} to ${assignment}`);
    await superuser.query(`alter role ${name} in database ${name} set ${setting} to ${assignment}`);
  }
  const url = new URL(fromEnvironment('PRODUCTS_DATABASE_URL'));
  url.pathname = `/${name}`;
  // The test's own sessions print as Postgres does by default.
  const own = Object.keys(ODD_SETTINGS).filter((setting) => setting !== 'search_path');
  const defaults = await superuser.query<{ name: string; setting: string }>(
    'select name, reset_val as setting from pg_settings where lower(name) = any($1)',
    [own],
  );
  const options = defaults.rows.map(
    ({ name: setting, setting: value }) => `-c ${setting}=${value.replaceAll(' ', '\\ ')}`,
  );
  url.searchParams.set(
    'options',
    [...options, '-c timezone=UTC', '-c search_path=public'].join(' '),
  );
  const owner = new pg.Client({ connectionString: withUser(url, superuser) });
  await owner.connect();
  for (const extension of extensions)
    await owner.query(`create extension ${extension} schema public`);
  await owner.query(`create schema shelfcast;
    create table shelfcast.heartbeat (beat_at timestamptz);
    grant usage on schema shelfcast to ${name};
    grant select, update on shelfcast.heartbeat to ${name};
    grant usage, create on schema public to shelfcast`);
  await owner.query(publishedColumns());
  await owner.end();
  return {
    url: url.toString(),
    config: { 'database.dbname': name, 'database.user': name, 'database.password': name },
    async drop() {
      await superuser.query(`drop database ${name} with (force)`);
      await superuser.query(`drop role ${name}`);
      await superuser.end();
    },
  };
}

/** What the connector's plugin asks of every database; its schema has to be there. */
export function publishedColumns(): string {
  return readFileSync(
    join(checkoutRoot, 'product-database/migrations/008_key_columns.sql'),
    'utf8',
  );
}

function withUser(url: URL, { user = '', password }: pg.Client): string {
  const copy = new URL(url);
  copy.username = user;
  copy.password = String(password ?? '');
  return copy.toString();
}
