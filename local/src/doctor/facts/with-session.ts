import type pg from 'pg';
import { withClient } from '../../with-client.ts';

/**
 * Asks a database in one session, which never waits for long.
 * @throws what pg throws when it cannot connect
 */
export async function withSession<Facts>(
  url: string,
  ask: (client: pg.Client) => Promise<Facts>,
): Promise<Facts> {
  return await withClient(
    {
      connectionString: url,
      application_name: 'shelfcast-doctor',
      connectionTimeoutMillis: 3_000,
      statement_timeout: 5_000,
    },
    ask,
  );
}
