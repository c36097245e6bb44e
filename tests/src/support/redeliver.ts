import type { Kafka, KafkaAdmin, KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import * as assert from 'uvu/assert';
import { single, untilHandled } from './catalogue-harness.ts';
import { readTopics } from './topic-reader.ts';

const PRODUCTS = 'pis.public.products';

/** The records of a product, as Connect wrote them. */
export async function recordsOf(kafka: Kafka, id: string): Promise<KafkaRecord[]> {
  return (await readTopics(kafka, [PRODUCTS])).filter(({ key }) => key?.includes(id));
}

/** Writes the very same bytes to the same partition, and waits until a consumer has handled them. */
export async function sendAgain(
  { kafka, admin }: { readonly kafka: Kafka; readonly admin: KafkaAdmin },
  record: KafkaRecord | undefined,
  consumer = 'catalogue',
): Promise<void> {
  assert.ok(record, 'the record was found');
  const { topic, partition, key, value, headers } = record;
  const producer = await kafka.createProducer();
  try {
    const [sent] = await producer.send([
      { topic, partition, key, value, headers: single(headers) },
    ]);
    assert.ok(sent);
    const nextOffset = sent.offset + 1n;
    await untilHandled({ admin, groupId: consumer, topic, partition, nextOffset });
  } finally {
    await producer.close();
  }
}
