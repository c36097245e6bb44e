import type { Logger } from '@shelfcast/service-kit/process/logging';
import { type Repeating, repeat } from '@shelfcast/service-kit/repeat';
import type { KeyStore } from './key-store.ts';

export interface ExpiryOptions {
  readonly keys: Pick<KeyStore, 'expire'>;
  readonly log: Logger;
}

const EXPIRE_EVERY_MS = 60_000;

/** Forgets expired keys now and then; several processes may do so at once. */
export function startExpiry({ keys, log }: ExpiryOptions): Repeating {
  return repeat({
    failure: 'expired keys could not be forgotten; trying again later',
    everyMs: EXPIRE_EVERY_MS,
    firstAfterMs: EXPIRE_EVERY_MS,
    work: async () => log.debug({ count: await keys.expire() }, 'expired keys forgotten'),
    log,
  });
}
