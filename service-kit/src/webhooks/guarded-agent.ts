import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent } from 'undici';
import { type AllowedPrivate, refusal } from './address-policy.ts';

/** A subscriber's host that must not be called. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
  readonly code = 'REFUSED_ADDRESS';
  readonly retriable = false;

  constructor(hostname: string, why: string) {
    super(`${hostname} must not be called: ${why} (WEBHOOK_ALLOW_PRIVATE allows exceptions)`);
  }
}

/** Finds all addresses of a name; replaced in tests. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const resolveBySystem: Resolve = (hostname, done) => {
  dnsLookup(hostname, { all: true, verbatim: true }, (error, addresses) =>
    done(error, addresses ?? []),
  );
};

export interface GuardedAgentOptions {
  readonly allowed: AllowedPrivate;
  readonly connectTimeoutMs: number;
  readonly resolve?: Resolve | undefined;
}

/**
 * An HTTP agent that connects only to addresses the policy lets through. Names are resolved and judged within the
 * connect itself, so the address that was checked is the one that is called, even if the name changes its address.
 * One address that must not be called is enough to refuse a name.
 *
 * An address in the URL itself is not looked up: the caller checks those.
 */
export function createGuardedAgent(options: GuardedAgentOptions): Agent {
  return new Agent({
    connect: { timeout: options.connectTimeoutMs, lookup: guardedLookup(options) },
    pipelining: 1,
    keepAliveTimeout: 30_000,
    maxHeaderSize: 16 * 1024,
  });
}

export function guardedLookup({
  allowed,
  resolve = resolveBySystem,
}: Pick<GuardedAgentOptions, 'allowed' | 'resolve'>): LookupFunction {
  return (hostname, wanted, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return callback(error, []);
      for (const { address } of addresses) {
        const why = refusal(address, hostname, allowed);
        if (why !== undefined) return callback(new RefusedAddress(hostname, why), []);
      }
      const fitting = addresses.filter(({ family }) => !wanted.family || family === wanted.family);
      const [first] = fitting;
      if (first === undefined) return callback(new Error(`${hostname} has no address`), []);
      if (wanted.all) return callback(null, [...fitting]);
      callback(null, first.address, first.family);
    });
  };
}
