import { spawn } from 'node:child_process';
import { DATABASES, type Database, databaseUrl } from '../components/databases.ts';
import { isErrno } from '../errno.ts';
import { LocalError } from '../errors.ts';
import type { LocalSettings } from '../settings.ts';
import { isDown, NOT_UP } from './not-up.ts';
import { runSql } from './sql-runner.ts';

/**
 * `make psql`: a session with one of the stack's databases, or the SQL given, or what comes on standard input. Uses
 * psql when there is one, and a small runner of our own otherwise.
 * @returns the exit code
 * @throws {LocalError} `DATABASE` for a database that does not exist, `NOT_UP` when nothing listens
 */
export async function psql(
  settings: LocalSettings,
  options: { database: string | undefined; sql: string | undefined },
): Promise<number> {
  const database = databaseName(options.database);
  if (await isDown(settings)) throw new LocalError('NOT_UP', NOT_UP);
  const url = new URL(databaseUrl(settings, database));
  try {
    return await runPsql(url, options.sql);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return runSql(url.toString(), options.sql);
  }
}

function databaseName(text: string | undefined): Database {
  const found = DATABASES.find((name) => name === text);
  if (found) return found;
  const given = text ? `There is no database "${text}" here` : 'Say which database';
  throw new LocalError('DATABASE', `${given}: make psql DB=${DATABASES.join('|')}`);
}

function runPsql(url: URL, sql: string | undefined): Promise<number> {
  const password = decodeURIComponent(url.password);
  const address = new URL(url);
  address.password = '';
  const interactive = sql === undefined && process.stdin.isTTY;
  const child = spawn(
    'psql',
    [
      // A script that fails half-way must not look like one that worked.
      ...(interactive ? [] : ['--no-psqlrc', '--set=ON_ERROR_STOP=1']),
      ...(sql === undefined ? [] : ['--command', sql]),
      address.toString(),
    ],
    { stdio: 'inherit', env: { ...process.env, PGPASSWORD: password } },
  );
  // Ctrl-C in a session belongs to psql.
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
