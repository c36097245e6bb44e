import type { ConsumerDefinition } from '@shelfcast/consumers/contract/definition';
import { type Bench, openBench } from '@shelfcast/consumers/testing/bench';
import { createTestDatabase } from './database.ts';

/** A consumer on a fresh database of the test stack's Postgres; closing it drops the database. */
export async function openConsumerBench<Effect>(
  definition: ConsumerDefinition<Effect>,
): Promise<Bench & { readonly url: string }> {
  const database = await createTestDatabase();
  const bench = await openBench(definition, database.url);
  return {
    ...bench,
    url: database.url,
    async close() {
      await bench.close();
      await database.drop();
    },
  };
}
