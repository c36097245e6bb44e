import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/**
 * Headers of a dead letter: those of the record, and where it came from and why it failed under the names that Kafka
 * Connect gives them (`DeadLetterQueueReporter`), so that tools made for those find their way.
 */
export function deadLetterHeaders(
  consumer: string,
  record: KafkaRecord,
  error: unknown,
  attempts: number,
): Record<string, Buffer | string> {
  const own: Record<string, Buffer | string> = {};
  for (const [name, [first]] of Object.entries(record.headers)) {
    if (first !== undefined) own[name] = first;
  }
  const { name, message, stack } =
    error instanceof Error ? error : { name: 'Error', message: String(error), stack: undefined };
  return {
    ...own,
    '__connect.errors.topic': record.topic,
    '__connect.errors.partition': String(record.partition),
    '__connect.errors.offset': String(record.offset),
    '__connect.errors.connector.name': consumer,
    '__connect.errors.task.id': '0',
    '__connect.errors.stage': 'TASK_PUT',
    '__connect.errors.class.name': consumer,
    '__connect.errors.exception.class.name': name,
    '__connect.errors.exception.message': message,
    '__connect.errors.exception.stacktrace': stack ?? '',
    '__connect.errors.attempts': String(attempts),
  };
}
