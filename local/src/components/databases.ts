import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { readIfPresent } from '../files.ts';
import type { LocalSettings } from '../settings.ts';
import { withClient } from '../with-client.ts';

/** One database per part of the system; `registry` holds the schema registry's own tables. */
export const DATABASES = ['products', 'consumers', 'monitoring', 'producer', 'registry'] as const;

export type Database = (typeof DATABASES)[number];

/** Connection string of one of the stack's databases, as the role that owns them all. */
export function databaseUrl(
  settings: Pick<LocalSettings, 'owner' | 'ports'>,
  database: Database,
): string {
  const { user, password } = settings.owner;
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${settings.ports.postgres}/${database}`;
}

/** The bootstrap superuser's password: random, made once, readable by its owner only. Nothing but this module uses it. */
export function superuserPassword(stateDir: string): string {
  const file = join(stateDir, 'postgres', 'superuser-password');
  const known = readIfPresent(file)?.trim();
  if (known) return known;
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Rejects unless the server accepts sessions. */
export async function checkServer(settings: LocalSettings): Promise<void> {
  await asSuperuser(settings, (client) => client.query('select 1'));
}

/**
 * The role that owns everything, and its databases. It is no superuser: it may create databases and roles, and holds
 * REPLICATION and BYPASSRLS because only who has them may give them to Debezium's role.
 */
export async function ensureDatabases(settings: LocalSettings): Promise<undefined> {
  await asSuperuser(settings, async (client) => {
    const owner = pg.escapeIdentifier(settings.owner.user);
    const roles = await client.query('select from pg_roles where rolname = $1', [
      settings.owner.user,
    ]);
    if (roles.rowCount === 0) await client.query(`create role ${owner}`);
    await client.query(
      `alter role ${owner} login createdb createrole replication bypassrls password ${pg.escapeLiteral(settings.owner.password)}`,
    );
    // To watch slots and sessions, and to end the session that holds a slot it drops.
    await client.query(`grant pg_monitor, pg_signal_backend to ${owner}`);
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const existing = new Set(rows.map((row) => row.datname));
    for (const database of DATABASES.filter((name) => !existing.has(name))) {
      await client.query(`create database ${pg.escapeIdentifier(database)} owner ${owner}`);
    }
  });
}

async function asSuperuser<T>(
  settings: LocalSettings,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withClient(
    {
      host: '127.0.0.1',
      port: settings.ports.postgres,
      user: 'postgres',
      password: superuserPassword(settings.stateDir),
      database: 'postgres',
      connectionTimeoutMillis: 2_000,
    },
    work,
  );
}
