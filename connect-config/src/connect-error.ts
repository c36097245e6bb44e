export type ConnectErrorCode =
  /** Nothing answers at the URL. */
  | 'CONNECT_UNREACHABLE'
  /** A worker is starting, or workers are sharing out their tasks; asking again later helps. */
  | 'CONNECT_REBALANCING'
  /** No such connector. */
  | 'CONNECTOR_NOT_FOUND'
  /** Connect understood and refuses; the message has its words. */
  | 'CONNECT_REFUSED'
  /** An answer that is not of Kafka Connect's API: something else listens at the URL. */
  | 'CONNECT_BAD_ANSWER';

/** A request to Kafka Connect's REST API that did not succeed. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: ConnectErrorCode;
  readonly retriable: boolean;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    code: ConnectErrorCode,
    message: string,
    { status, cause }: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retriable = code === 'CONNECT_UNREACHABLE' || code === 'CONNECT_REBALANCING';
  }
}

/** An operation on the connector that cannot go on; the message says why and what to do, for a person. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  readonly retriable: boolean;

  constructor(
    code: string,
    message: string,
    { retriable = false, cause }: { readonly retriable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retriable = retriable;
  }
}
