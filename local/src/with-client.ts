import pg from 'pg';

/**
 * Works in one session of a database.
 * @throws what pg throws when it cannot connect
 */
export async function withClient<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ application_name: 'shelfcast-local', ...config });
  // A server that goes down while we talk to it shows in the query's own rejection.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
