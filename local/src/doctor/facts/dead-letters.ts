import { withSession } from './with-session.ts';

/** Keys of a consumer with changes that could not be applied. */
export type DeadLetterFacts = {
  consumer: string;
  /** Tried again by itself. */
  retrying: number;
  /** Tried again only on request. */
  dead: number;
};

/** Retired consumers, whose absence is intended. @throws what pg throws when it cannot connect */
export async function retiredConsumers(url: string): Promise<ReadonlySet<string>> {
  return await withSession(url, async (client) => {
    const { rows: tables } = await client.query<{ made: boolean }>(
      "select to_regclass('runtime.retired') is not null as made",
    );
    if (tables[0]?.made !== true) return new Set();
    const { rows } = await client.query<{ consumer: string }>(
      'select consumer from runtime.retired',
    );
    return new Set(rows.map(({ consumer }) => consumer));
  });
}

/**
 * Asks the consumers database; consumers without such keys are left out.
 * @throws what pg throws when it cannot connect
 */
export async function deadLetterFacts(url: string): Promise<DeadLetterFacts[]> {
  return await withSession(url, async (client) => {
    const { rows: tables } = await client.query<{ made: boolean }>(
      "select to_regclass('runtime.parked_keys') is not null as made",
    );
    if (tables[0]?.made !== true) return [];
    const { rows } = await client.query<DeadLetterFacts>(
      `select consumer, count(*) filter (where state = 'retrying')::int as retrying,
              count(*) filter (where state = 'dead')::int as dead
       from runtime.parked_keys group by consumer order by consumer`,
    );
    return rows;
  });
}
