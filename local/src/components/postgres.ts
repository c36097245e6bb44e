import { execFile } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../errors.ts';
import { giveTo, unprivilegedUser } from '../processes/run-as.ts';
import type { LocalSettings } from '../settings.ts';
import { ensurePostgresBinaries } from '../vendor/postgres-binaries.ts';
import type { Component } from './component.ts';
import { checkServer, superuserPassword } from './databases.ts';

/**
 * Server settings that the pipeline depends on; the same in docker-compose.yml.
 * https://www.postgresql.org/docs/18/runtime-config-replication.html
 */
export function serverSettings(): Record<string, string> {
  return {
    wal_level: 'logical',
    max_wal_senders: '10',
    max_replication_slots: '10',
    // A connector that stays away must not fill the disk: its slot is given up beyond this, and a new snapshot is due.
    max_slot_wal_keep_size: '4GB',
    // A batch of 2,000 changes may lock as many prices, in several consumers and processes at once.
    max_locks_per_transaction: '256',
    wal_sender_timeout: '60s',
    // A page's first change after a checkpoint writes the page whole: with the defaults (1GB, 5min), four fifths of all WAL.
    max_wal_size: '2GB',
    checkpoint_timeout: '30min',
    // The ledger and the reports grow for ever; with the default (128MB) a change waited for a dozen pages to be written.
    shared_buffers: '512MB',
  };
}

/** Postgres in a folder of the state, on loopback only. */
export function postgres(settings: LocalSettings): Component {
  const folder = join(settings.stateDir, 'postgres');
  const data = join(folder, 'data');
  mkdirSync(folder, { recursive: true });
  const binaries = ensurePostgresBinaries();
  const runAs = unprivilegedUser([data, binaries.postgres]);
  const options = {
    listen_addresses: '127.0.0.1',
    port: `${settings.ports.postgres}`,
    // A socket's path may have 107 bytes; a deep checkout has more.
    unix_socket_directories: '',
    log_line_prefix: '%m [%p] %q%u@%d ',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  const [command, ...args] = [
    ...runAs.prefix,
    binaries.postgres,
    '-D',
    data,
    ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  if (command === undefined) throw new RangeError('there is always a program');

  async function prepare(): Promise<void> {
    if (existsSync(join(data, 'PG_VERSION'))) return writeSettings(data);
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    const passwordFile = join(folder, 'initdb-password');
    writeFileSync(passwordFile, superuserPassword(settings.stateDir), { mode: 0o600 });
    if (runAs.owner) {
      giveTo(data, runAs.owner);
      giveTo(passwordFile, runAs.owner);
    }
    const initdb = [
      ...runAs.prefix,
      binaries.initdb,
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    ];
    try {
      const [program = '', ...initdbArgs] = initdb;
      await promisify(execFile)(program, initdbArgs, { ...runAs.spawn, cwd: '/' });
    } catch (cause) {
      rmSync(data, { recursive: true, force: true });
      throw new LocalError('INITDB', `initdb could not make ${data}: ${cause}`, { cause });
    } finally {
      rmSync(passwordFile, { force: true });
    }
    writeSettings(data);
  }

  return {
    spec: {
      name: 'postgres',
      command,
      args,
      env: {},
      cwd: '/',
      ...runAs.spawn,
      logFile: join(settings.stateDir, 'logs', 'postgres.log'),
      // Fast shutdown: open sessions are ended. SIGTERM would wait for them.
      stopSignal: 'SIGINT',
      stopTimeoutMs: 20_000,
    },
    prepare,
    check: () => checkServer(settings),
  };
}

const SETTINGS_FILE = 'shelfcast.conf';

/** Into a file, not on the command line: `alter system` changes them while the server runs, as the runbook has it. */
function writeSettings(data: string): void {
  const lines = Object.entries(serverSettings()).map(([name, value]) => `${name} = '${value}'\n`);
  writeFileSync(join(data, SETTINGS_FILE), lines.join(''), { mode: 0o644 });
  const main = join(data, 'postgresql.conf');
  const include = `include '${SETTINGS_FILE}'\n`;
  if (!readFileSync(main, 'utf8').includes(include)) appendFileSync(main, `\n${include}`);
}
