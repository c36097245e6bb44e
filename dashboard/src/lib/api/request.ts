import type { QueryPatch } from '../routes.ts';
import { patchQuery } from '../routes.ts';
import { problemOf, toApiError } from './problem.ts';

export interface RequesterOptions {
  readonly fetch: typeof fetch;
  /** The bearer token; null without one. */
  readonly token: () => string | null;
  /** Called when the user has to sign in. */
  readonly onUnauthenticated: () => void;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly query?: QueryPatch;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** JSON that is written already, for numbers that JavaScript's cannot hold. */
  readonly bodyText?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Asks, and reads the JSON of the answer. Its shape is the service's promise. @throws {ApiError} */
export type Request = <Answer>(path: string, options?: RequestOptions) => Promise<Answer>;

/** Something that can be asked again and again. */
export interface Query<Answer> {
  /** Of two queries with the same key, the answer to one is an answer to the other. */
  readonly key: string;
  /** @throws {ApiError} */
  run(signal?: AbortSignal): Promise<Answer>;
}

/** A query of one GET; its address is its key. */
export function getQuery<Answer>(
  request: Request,
  path: string,
  query: QueryPatch = {},
): Query<Answer> {
  const search = patchQuery(new URLSearchParams(), query).toString();
  return {
    key: search === '' ? path : `${path}?${search}`,
    run: (signal) => request<Answer>(path, { query, signal }),
  };
}

export function createRequest({ fetch, token, onUnauthenticated }: RequesterOptions): Request {
  return async (path, options = {}) => {
    const { method = 'GET', query = {}, body, bodyText, headers = {}, signal = null } = options;
    const text = bodyText ?? (body === undefined ? undefined : JSON.stringify(body));
    const search = patchQuery(new URLSearchParams(), query).toString();
    const bearer = token();
    const response = await fetch(search === '' ? path : `${path}?${search}`, {
      method,
      signal,
      headers: {
        accept: 'application/json',
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw toApiError(error);
    });
    if (response.status === 401) onUnauthenticated();
    if (!response.ok) {
      const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
      const seconds = Number.isFinite(retryAfter) ? retryAfter : undefined;
      throw problemOf(response.status, await response.json().catch(() => null), seconds);
    }
    return response.status === 204 ? JSON.parse('null') : await response.json();
  };
}
