import { createHash, randomBytes } from 'node:crypto';

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into, it asserts.
  readonly body: any;
}

/** Asks a JSON API. */
export type Api = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<ApiAnswer>;

export function apiOf(url: string, token?: string): Api {
  return async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
}

/** A token, and how the configuration knows it. */
export function newToken(
  name: string,
  role: 'viewer' | 'publisher' | 'operator',
): { readonly token: string; readonly setting: string } {
  const token = randomBytes(24).toString('hex');
  const hash = createHash('sha256').update(token).digest('hex');
  return { token, setting: `${name}:${role}:${hash}` };
}
