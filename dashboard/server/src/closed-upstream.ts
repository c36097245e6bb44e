import { Problem } from '@shelfcast/service-kit/http/problem';

export interface ClosedUpstreamOptions {
  /** What it is called in messages. */
  readonly name: string;
  readonly url: string;
  /** Whether who calls is asked who they are here; without, this server is this machine's only. */
  readonly authConfigured: boolean;
}

/**
 * Rejects while a service behind a port that has tokens asks for none itself: they would protect the pages, and the
 * service would be open to all, on the network or through a proxy. One that does not answer may do so in a moment.
 * @throws {Problem} 503 saying what to configure
 */
export type AssertClosed = () => Promise<void>;

const TIMEOUT_MS = 2_000;
const BELIEVED_MS = 10_000;
const RETRY_AFTER_SECONDS = 5;

export function createClosedCheck(options: ClosedUpstreamOptions): AssertClosed {
  const { name, url, authConfigured } = options;
  if (!authConfigured) return () => Promise.resolve();
  let closedUntilMs = 0;
  return async () => {
    if (performance.now() < closedUntilMs) return;
    const status = await statusOf(url);
    if (status === undefined) throw refused(`${name} does not answer`);
    if (status !== 401) {
      throw refused(`${name} lets in whoever asks: give it API_TOKENS or OIDC_ISSUER too`);
    }
    closedUntilMs = performance.now() + BELIEVED_MS;
  };
}

/** Metrics need a role wherever there are roles. */
async function statusOf(url: string): Promise<number | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(new URL('/metrics', url), { signal });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return undefined;
  }
}

function refused(detail: string): Problem {
  return new Problem('unavailable', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
