import { within } from '../../deadline.ts';
import { KafkaError } from '../errors.ts';
import type { KafkaRecord, LogReader, TopicPartition } from '../types.ts';

const READ_TIMEOUT_MS = 5_000;
/** One record is wanted, and a broker returns the first one even if it is larger. */
const MAX_BYTES = 1024;

/**
 * The first record at an offset or after it; undefined when there is none that a reader is given (with Kafka transactions,
 * their markers have offsets too), or it is gone by retention or with its topic.
 * @throws KafkaError when the brokers do not answer
 */
export async function firstRecord(
  reader: LogReader,
  { topic, partition, offset }: TopicPartition & { readonly offset: bigint },
): Promise<KafkaRecord | undefined> {
  const reading = reader.read({
    topic,
    from: new Map([[partition, offset]]),
    maxPartitionBytes: MAX_BYTES,
    maxBytes: MAX_BYTES,
  });
  try {
    const fetched = await within(reading, READ_TIMEOUT_MS, noAnswer);
    return fetched.flatMap(({ records }) => records).find((record) => record.offset >= offset);
  } catch (error) {
    const isGone =
      error instanceof KafkaError &&
      (error.code === 'OFFSET_OUT_OF_RANGE' || error.code === 'UNKNOWN_TOPIC');
    if (isGone) return undefined;
    throw error;
  }
}

function noAnswer(): KafkaError {
  return new KafkaError('the brokers did not answer in time', {
    code: 'UNAVAILABLE',
    retriable: true,
  });
}
