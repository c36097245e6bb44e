/** One thing wrong with what was sent. */
export interface Violation {
  /** JSON pointer into the body. */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface ApiErrorOptions {
  readonly status: number;
  readonly code: string;
  readonly violations?: readonly Violation[];
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** What a request came to, when it did not come to its answer. `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  /** Last step of the problem's type (`unavailable`, `invalid`, …), or `unreachable`. */
  readonly code: string;
  readonly violations: readonly Violation[];
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: ApiErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.violations = options.violations ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Whether the same request may succeed in a moment. */
  get retriable(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }
}

/** What an answer that is no success says (RFC 9457). */
export function problemOf(
  status: number,
  body: unknown,
  retryAfterSeconds?: number | undefined,
): ApiError {
  const members = isObject(body) ? body : {};
  const type = typeof members.type === 'string' ? members.type : '';
  const title = typeof members.title === 'string' ? members.title : `HTTP ${status}`;
  const detail = typeof members.detail === 'string' ? members.detail : title;
  return new ApiError(detail, {
    status,
    code: type.split(':').at(-1) || `http-${status}`,
    violations: Array.isArray(members.violations) ? members.violations.filter(isViolation) : [],
    retryAfterSeconds,
  });
}

/** Anything thrown, as an ApiError. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('The dashboard’s server does not answer', {
    status: 0,
    code: 'unreachable',
    cause: error,
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isViolation(value: unknown): value is Violation {
  return (
    isObject(value) &&
    typeof value.pointer === 'string' &&
    typeof value.code === 'string' &&
    typeof value.detail === 'string'
  );
}
