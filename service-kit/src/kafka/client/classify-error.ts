import { KafkaError } from '../errors.ts';

/** The broker's word for an error (`MESSAGE_TOO_LARGE`, …), kafkajs' class name, or both. */
interface ErrorDescription {
  readonly type: string | undefined;
  readonly names: readonly string[];
  readonly message: string;
}

/** What a failed request means for the records in it. */
export type SendVerdict =
  /** The same records can be sent again by a new producer; whether they were written is unknown. */
  | { readonly kind: 'retry' }
  /** A topic of this or an earlier request is gone, which fails every request of this producer. */
  | { readonly kind: 'unknownTopic' }
  /** At least one record will never be accepted. */
  | { readonly kind: 'refused'; readonly error: KafkaError };

const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';
const OUT_OF_RANGE = 'OFFSET_OUT_OF_RANGE';

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const UNAUTHORIZED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
]);

/** The idempotent producer's identity or numbering is no longer the broker's: only a new one helps. */
const LOST_SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'DUPLICATE_SEQUENCE_NUMBER',
]);

const TRANSIENT_NAMES = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
]);

export function classifySendError(error: unknown): SendVerdict {
  const words = wordsOf(error);
  const { type } = words;
  if (type === UNKNOWN_TOPIC) return { kind: 'unknownTopic' };
  if (type !== undefined && LOST_SEQUENCE.has(type)) return { kind: 'retry' };
  if (type === undefined && isTransient(words)) return { kind: 'retry' };
  if (type !== undefined && isRetriable(error)) return { kind: 'retry' };
  return { kind: 'refused', error: toKafkaError(error) };
}

/** An error of kafkajs in our words, for requests that are not sends. */
export function toKafkaError(error: unknown, topic?: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const words = wordsOf(error);
  const { type, message } = words;
  if (type !== undefined && TOO_LARGE.has(type)) {
    return new KafkaError(`the record is larger than its topic allows: ${message}`, {
      code: 'RECORD_TOO_LARGE',
      retriable: false,
      cause: error,
      topic,
    });
  }
  if (words.names.includes('KafkaJSSASLAuthenticationError') || UNAUTHORIZED.has(type ?? '')) {
    return new KafkaError(message, {
      code: 'UNAUTHORIZED',
      retriable: false,
      cause: error,
      topic,
    });
  }
  if (type === UNKNOWN_TOPIC) {
    return new KafkaError(message, {
      code: 'UNKNOWN_TOPIC',
      retriable: false,
      cause: error,
      topic,
    });
  }
  if (words.names.includes('KafkaJSOffsetOutOfRange') || type === OUT_OF_RANGE) {
    return new KafkaError(message, {
      code: 'OFFSET_OUT_OF_RANGE',
      retriable: false,
      cause: error,
      topic,
    });
  }
  const transient = type === undefined ? isTransient(words) : isRetriable(error);
  return new KafkaError(type === undefined ? message : `${type}: ${message}`, {
    code: transient ? 'UNAVAILABLE' : 'REFUSED',
    retriable: transient,
    cause: error,
    topic,
  });
}

/** The broker's word for the error, when it comes from a broker. */
export function protocolType(error: unknown): string | undefined {
  return wordsOf(error).type;
}

function isTransient({ names }: ErrorDescription): boolean {
  return names.some((name) => TRANSIENT_NAMES.has(name));
}

function isRetriable(error: unknown): boolean {
  return chain(error).some((link) => 'retriable' in link && link.retriable === true);
}

function wordsOf(error: unknown): ErrorDescription {
  const links = chain(error);
  const typed = links.find((link) => 'type' in link && typeof link.type === 'string');
  return {
    type: typed !== undefined && 'type' in typed ? String(typed.type) : undefined,
    names: links.map((link) => link.name),
    message: links[0]?.message ?? String(error),
  };
}

/** What an admin request failed of is in a list, one entry per topic. */
function causeOf(error: Error): unknown {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : error.cause;
}

/** kafkajs wraps: "number of retries exceeded" around "non-retriable" around what happened. */
function chain(error: unknown): Error[] {
  const links: Error[] = [];
  for (let link = error; link instanceof Error && links.length < 6; link = causeOf(link)) {
    links.push(link);
  }
  return links;
}
