import { basicAuth, splitCredentials } from '@shelfcast/schemas/registry/url-credentials';
import type { ChildSpec } from '../supervisor/child-spec.ts';

/** A part of the stack: how to run it and how to tell that it works. */
export type Component = {
  spec: ChildSpec;
  /** Made once, before its first start: data folders, formats. Idempotent. */
  prepare?: () => Promise<void>;
  /** Exit code 1 soon after the start means settings that it cannot use. */
  refusesWithCode1?: true;
  /** Resolves when the component does its job; rejects with the reason why not yet. */
  check: () => Promise<void>;
};

/** Rejects unless the URL answers 2xx within two seconds. */
export async function checkHttp(address: string): Promise<void> {
  const { url, credentials } = splitCredentials(address);
  const response = await fetch(url, {
    signal: AbortSignal.timeout(2_000),
    ...(credentials === undefined ? {} : { headers: { authorization: basicAuth(credentials) } }),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}
