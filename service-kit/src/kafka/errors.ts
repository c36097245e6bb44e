import type { SentRecord } from './types.ts';

/** Why Kafka did not do what was asked. */
export type KafkaErrorCode =
  /** The record is larger than MAX_RECORD_BYTES or than its topic allows. */
  | 'RECORD_TOO_LARGE'
  | 'UNKNOWN_TOPIC'
  /** The producer was created for other topics. */
  | 'TOPIC_NOT_ALLOWED'
  /** The topic exists with another number of partitions. */
  | 'TOPIC_MISMATCH'
  /** A topic of this name exists already. */
  | 'TOPIC_EXISTS'
  /** The record may have been written, or not. It will not be written later. */
  | 'INDEFINITE'
  /** What was to be read is gone, or was never written. */
  | 'OFFSET_OUT_OF_RANGE'
  /** Not written: the brokers cannot be reached or do not answer in time. */
  | 'UNAVAILABLE'
  | 'UNAUTHORIZED'
  /** The broker refused for another reason, which `cause` and the message name. */
  | 'REFUSED'
  /** The consumer has lag and made no progress. */
  | 'STALLED'
  /** The producer, consumer or admin client was closed. */
  | 'CLOSED';

export interface KafkaErrorOptions {
  readonly code: KafkaErrorCode;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retriable: boolean;
  readonly cause?: unknown;
  readonly topic?: string | undefined;
}

/** Every failure of the Kafka port. */
export class KafkaError extends Error {
  override readonly name: string = 'KafkaError';
  readonly code: KafkaErrorCode;
  readonly retriable: boolean;
  readonly topic: string | undefined;

  constructor(message: string, options: KafkaErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retriable = options.retriable;
    this.topic = options.topic;
  }
}

/** At least one record of a `send` was not acknowledged; code and cause are those of the first. */
export class KafkaSendError extends KafkaError {
  override readonly name = 'KafkaSendError';
  /** In the order of the records given to `send`. */
  readonly results: readonly (SentRecord | KafkaError)[];

  constructor(first: KafkaError, results: readonly (SentRecord | KafkaError)[]) {
    const failed = results.filter((result) => result instanceof KafkaError).length;
    super(
      results.length === 1
        ? first.message
        : `${failed} of ${results.length} records were not written: ${first.message}`,
      { code: first.code, retriable: first.retriable, cause: first, topic: first.topic },
    );
    this.results = results;
  }
}
