import { KafkaError } from '../errors.ts';
import type { ProducerOptions, RecordToSend } from '../types.ts';

/** Bytes of key, value and headers, as MAX_RECORD_BYTES counts them. */
export function recordBytes({ key, value, headers = {} }: RecordToSend): number {
  let bytes = (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  return bytes;
}

/** What is wrong with a record before any broker sees it, or undefined. */
export function refusal(
  record: RecordToSend,
  bytes: number,
  maxRecordBytes: number,
  topics: ProducerOptions['topics'],
): KafkaError | undefined {
  const { topic } = record;
  const allowed =
    topics === undefined || (typeof topics === 'function' ? topics(topic) : topics.includes(topic));
  if (!allowed) {
    return new KafkaError(`topic ${topic} is not one that this producer may write to`, {
      code: 'TOPIC_NOT_ALLOWED',
      retriable: false,
      topic,
    });
  }
  if (bytes > maxRecordBytes) {
    return new KafkaError(
      `a record for ${topic} has ${bytes} bytes, more than MAX_RECORD_BYTES (${maxRecordBytes})`,
      { code: 'RECORD_TOO_LARGE', retriable: false, topic },
    );
  }
  return undefined;
}
