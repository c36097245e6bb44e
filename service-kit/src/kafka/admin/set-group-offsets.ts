import { within } from '../../deadline.ts';
import { toKafkaError } from '../client/classify-error.ts';
import { createClient } from '../client/client.ts';
import { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../types.ts';
import type { ClientContext } from './admin.ts';

const TIMEOUT_MS = 10_000;
const SESSION_TIMEOUT_MS = 6_000;
const FETCH_WAIT_MS = 100;

/**
 * Commits offsets in the name of a group, as its only member for a moment. kafkajs' own `setOffsets` takes 5 s for each
 * topic: it leaves the group when a fetch has come back empty.
 * @throws {KafkaError} UNAVAILABLE; what was committed until then stays
 */
export async function setGroupOffsets(
  context: ClientContext,
  groupId: string,
  offsets: readonly (TopicPartition & { readonly offset: bigint })[],
): Promise<void> {
  const client = createClient({ ...context, retries: 2 });
  const consumer = client.kafkajs.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
  });
  const commit = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set(offsets.map(({ topic }) => topic))],
      fromBeginning: true,
    });
    // Resolves when the group is joined; before that, kafkajs commits nothing and does not say so.
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async () => {},
    });
    await consumer.commitOffsets(
      offsets.map((place) => ({ ...place, offset: String(place.offset) })),
    );
  };
  try {
    await within(commit(), TIMEOUT_MS, noAnswer);
    await within(consumer.disconnect(), TIMEOUT_MS, noAnswer);
  } catch (error) {
    throw toKafkaError(error);
  } finally {
    client.fence();
  }

  function noAnswer(): KafkaError {
    const problem = client.lastProblem();
    return new KafkaError(`the group was not joined in time${problem ? `: ${problem}` : ''}`, {
      code: 'UNAVAILABLE',
      retriable: true,
    });
  }
}
