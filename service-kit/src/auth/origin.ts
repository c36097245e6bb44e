/** What a request says of where it comes from. */
export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * Whether a page may call: one of this address, or of an origin that was allowed. Browsers send Origin with every
 * WebSocket and with every request that changes something; programs send none, and their token is what counts.
 * @param allowed origins such as `https://dashboard.example`
 */
export function isOriginAllowed(
  { origin, host }: OriginHeaders,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
