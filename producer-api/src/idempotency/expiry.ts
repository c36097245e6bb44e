import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { KeyStore } from './key-store.ts';

export interface ExpiryOptions {
  readonly keys: Pick<KeyStore, 'expire'>;
  readonly log: Logger;
  /** Default 60,000 ms. */
  readonly intervalMs?: number;
}

/** Forgets expired keys now and then; several processes may do so at once. */
export function startExpiry({ keys, log, intervalMs = 60_000 }: ExpiryOptions): {
  stop(): Promise<void>;
} {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = keys.expire().then(
      (count) => log.debug({ count }, 'expired keys forgotten'),
      (error) => log.warn({ error }, 'expired keys could not be forgotten; trying again later'),
    );
  }, intervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
