import type { ConsumerDefinition } from '@shelfcast/consumers/contract/definition';
import { type Harness, openHarness } from '@shelfcast/consumers/testing/harness';
import { createTestDatabase } from './database.ts';

/** A consumer on a fresh database of the test stack's Postgres; closing it drops the database. */
export async function openConsumerHarness<Effect>(
  definition: ConsumerDefinition<Effect>,
): Promise<Harness & { readonly url: string }> {
  const database = await createTestDatabase();
  const harness = await openHarness(definition, database.url);
  return {
    ...harness,
    url: database.url,
    async close() {
      await harness.close();
      await database.drop();
    },
  };
}
