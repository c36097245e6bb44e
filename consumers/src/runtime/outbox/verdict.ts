import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import type { SentRecord } from '@shelfcast/service-kit/kafka/types';

/**
 * What became of a message that was given to Kafka:
 * - `sent`: acknowledged;
 * - `unsent`: no broker answered, or its answer was lost; the same message is sent again;
 * - `held`: its topic takes nothing (deleted, not created yet, no permission), others go on;
 * - `refused`: Kafka will never take this record.
 */
export type Verdict =
  | { readonly kind: 'sent' }
  | { readonly kind: 'unsent' }
  | { readonly kind: 'held' | 'refused'; readonly error: KafkaError };

const ABOUT_THE_TOPIC = new Set(['UNKNOWN_TOPIC', 'TOPIC_NOT_ALLOWED', 'UNAUTHORIZED']);

export function verdictOf(result: SentRecord | KafkaError | undefined): Verdict {
  if (result === undefined) return { kind: 'unsent' };
  if (!(result instanceof KafkaError)) return { kind: 'sent' };
  if (result.retriable || result.code === 'CLOSED') return { kind: 'unsent' };
  return { kind: ABOUT_THE_TOPIC.has(result.code) ? 'held' : 'refused', error: result };
}
