import type { Violation } from './violation.ts';

/** The kinds of failure a caller can tell apart, with their HTTP status. */
const KINDS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'Who calls is not known' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'not-found': { status: 404, title: 'There is no such resource' },
  'unknown-topic': { status: 404, title: 'There is no such topic' },
  'method-not-allowed': { status: 405, title: 'The resource has no such method' },
  timeout: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'The request contradicts what is there' },
  'idempotency-conflict': { status: 409, title: 'The Idempotency-Key belongs to another request' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is none that is read here' },
  misdirected: { status: 421, title: 'The request was meant for another host' },
  invalid: { status: 422, title: 'The request breaks its schema' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'Not possible right now' },
} as const;

export type ProblemKind = keyof typeof KINDS;

export interface ProblemOptions {
  readonly violations?: readonly Violation[];
  /** After how many seconds trying again makes sense. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A failure as callers are told of it: application/problem+json (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly violations?: readonly Violation[];
}

/** Thrown wherever a request cannot go on; the error handler writes it as the answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  readonly #violations: readonly Violation[] | undefined;

  constructor(kind: ProblemKind, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.status = KINDS[kind].status;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.#violations = options.violations;
  }

  get retriable(): boolean {
    return this.kind === 'unavailable' || this.kind === 'rate-limited';
  }

  body(): ProblemBody {
    return {
      type: problemType(this.kind),
      title: KINDS[this.kind].title,
      status: this.status,
      detail: this.message,
      ...(this.#violations === undefined ? {} : { violations: this.#violations }),
    };
  }
}

/** The `type` of a kind of problem: a name, not an address. */
export function problemType(kind: ProblemKind): string {
  return `urn:shelfcast:problem:${kind}`;
}

/** The request's body breaks rules; each is in `violations`. */
export function invalid(violations: readonly Violation[]): Problem {
  const [first] = violations;
  const count = violations.length === 1 ? '1 violation' : `${violations.length} violations`;
  const example = first === undefined ? '' : `: ${first.pointer || 'the body'} ${first.detail}`;
  return new Problem('invalid', `${count}${example}`, { violations });
}

export const PROBLEM_KINDS = KINDS;
