const CONNECTION_LOST_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  // The name or the socket file is not there (yet).
  'ENOTFOUND',
  'ENOENT',
]);

/** node-postgres gives these no code; pinned by tests against its texts. */
const CONNECTION_LOST_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

/** The server ended the session, or its transaction: it was idle for too long, or took too long as a whole. */
const SESSION_ENDED = '25P0[34]|57P05';

/**
 * SQLSTATE classes after which the same work can succeed: connection exceptions (08), out of
 * resources (53), serialization failure and deadlock (40001, 40P01), lock not available (55P03),
 * server shutting down, crashing or starting (57P01–57P03), session ended by a time limit (25P03, 25P04, 57P05).
 */
const RETRIABLE_SQLSTATE = new RegExp(
  `^(08...|53...|40001|40P01|55P03|57P0[123]|${SESSION_ENDED})$`,
);
const CONNECTION_SQLSTATE = new RegExp(`^(08...|57P0[123]|${SESSION_ENDED})$`);

/** Whether the connection is gone or could not be made: the client must not be used again. */
export function isConnectionError(error: unknown): boolean {
  return someCause(error, (code, message) => {
    if (code !== undefined && CONNECTION_LOST_CODES.has(code)) return true;
    if (code !== undefined && CONNECTION_SQLSTATE.test(code)) return true;
    return CONNECTION_LOST_MESSAGES.test(message);
  });
}

/** Whether the same transaction may succeed later, without anyone changing it. */
export function isRetriableDatabaseError(error: unknown): boolean {
  return (
    isConnectionError(error) ||
    someCause(error, (code) => code !== undefined && RETRIABLE_SQLSTATE.test(code))
  );
}

/** Whether the values are to blame: bad data (22), a constraint (23), or more than the server can hold (54). */
export function isDataError(error: unknown): boolean {
  return someCause(error, (code) => code !== undefined && /^(22|23|54)...$/.test(code));
}

/** Whether the server gave up a statement: `statement_timeout`, or a cancel request (57014). */
export function isQueryCancelled(error: unknown): boolean {
  return someCause(error, (code) => code === '57014');
}

/** Looks along the causes, and into the parts of an AggregateError (one per address tried). */
function someCause(
  error: unknown,
  test: (code: string | undefined, message: string) => boolean,
  depth = 0,
): boolean {
  if (!(error instanceof Error) || depth > 5) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (test(code, error.message)) return true;
  if (error instanceof AggregateError) {
    if (error.errors.some((part) => someCause(part, test, depth + 1))) return true;
  }
  return someCause(error.cause, test, depth + 1);
}
