import { superuserPassword } from '@shelfcast/local/components/databases';
import pg from 'pg';
import { fromEnvironment } from './environment.ts';

/** A connection to the stack's Postgres as its superuser, for the server's own settings. */
export async function connectSuperuser(): Promise<pg.Client> {
  const url = new URL(fromEnvironment('TEST_POSTGRES_URL'));
  url.username = 'postgres';
  url.password = superuserPassword(fromEnvironment('TEST_STATE_DIR'));
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  return client;
}
