import type { IncomingHttpHeaders } from 'node:http';

/** What of a request says what to publish. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
