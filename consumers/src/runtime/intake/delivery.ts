import type { Change } from '@shelfcast/schemas/change';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/** A record as it came, and the change it holds. */
export interface Delivery {
  readonly record: KafkaRecord;
  readonly change: Change;
}

/** A record of which no more is known than this; mostly because it cannot be read, and never will. */
export interface Unreadable {
  readonly record: KafkaRecord;
  /** Where it could be read before. */
  readonly changeId?: string;
  readonly entity: string;
  /** The changes of this key wait behind it. Where not even the key can be read: a name for this record alone. */
  readonly key: string;
  readonly error: unknown;
}

export function isUnreadable(entry: Delivery | Unreadable): entry is Unreadable {
  return !('change' in entry);
}
