import { Problem } from '@shelfcast/service-kit/http/problem';
import { isLoopback } from '@shelfcast/service-kit/protected-mode';

export interface ClosedUpstreamOptions {
  /** What it is called in messages. */
  readonly name: string;
  readonly url: string;
  /** What this server is bound to. */
  readonly host: string;
}

/**
 * Rejects while a service behind a port that is open to the network lets in whoever asks: tokens here would protect the
 * pages, and the service would be open to all.
 * @throws {Problem} 503 saying what to configure
 */
export type AssertClosed = () => Promise<void>;

const TIMEOUT_MS = 2_000;
const BELIEVED_MS = 10_000;

export function createClosedCheck({ name, url, host }: ClosedUpstreamOptions): AssertClosed {
  if (isLoopback(host)) return () => Promise.resolve();
  let closedUntilMs = 0;
  return async () => {
    if (performance.now() < closedUntilMs) return;
    if (await isOpen(url)) {
      const detail = `${name} lets in whoever asks: give it API_TOKENS or OIDC_ISSUER too`;
      throw new Problem('unavailable', detail, { retryAfterSeconds: 5 });
    }
    closedUntilMs = performance.now() + BELIEVED_MS;
  };
}

/** Metrics need a role wherever there are roles. A service that does not answer lets nobody in either. */
async function isOpen(url: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(new URL('/metrics', url), { signal });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
