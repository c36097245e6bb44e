import { createServer, type Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { explainBindError } from '../process/health-server.ts';
import { expressClasses } from './express-classes.ts';
import { boundUnsent } from './unsent.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly app: Express;
  /** How long a whole request may take to arrive (default 30,000 ms), and its headers (10,000 ms). */
  readonly requestTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  /** How long callers are told to leave before the port is closed (default 500 ms). */
  readonly drainMs?: number;
}

export interface HttpService {
  readonly port: number;
  /** For what speaks another protocol on the same port. */
  readonly server: Server;
  /** Answers what has begun, sends callers away, and closes. */
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 10_000;
const CUT_INTERVAL_MS = 50;
/** Longer than an answer takes to be made. */
const SILENCE_TIMEOUT_MS = 60_000;
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
const UNSENT_INTERVAL_MS = 100;
const CHECK_INTERVAL_MS = 1_000;

/**
 * Serves until `close`. The two timeouts cut off every slow sender.
 * @throws Error naming the port and the setting that moves it, when the address cannot be bound
 */
export async function serve(options: ServeOptions): Promise<HttpService> {
  const { host, port, app, drainMs = 500 } = options;
  let closing = false;
  const unsent = boundUnsent({ maxBytes: MAX_UNSENT_BYTES, everyMs: UNSENT_INTERVAL_MS });
  const server = createServer(
    {
      ...expressClasses(app),
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      keepAliveTimeout: 65_000, // longer than load balancers keep theirs, so that they close first
      noDelay: true,
    },
    (request, response) => {
      if (closing) response.setHeader('connection', 'close');
      unsent.watch(response);
      app(request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  // Who reads nothing of an answer for so long is cut (and who sends nothing, by the two above, sooner).
  server.timeout = SILENCE_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainBindError(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    port: portOf(server, port),
    server,
    async close() {
      closing = true;
      // http's own close() cuts connections that are idle, although a request may be on its way on them. So only the
      // port is closed at first, and callers are told with their next answer.
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      await sleep(drainMs);
      const cutting = setInterval(() => server.closeIdleConnections(), CUT_INTERVAL_MS);
      await closed;
      clearInterval(cutting);
      unsent.stop();
      server.close(); // ends the timer that looks for slow senders
    },
  };
}

function portOf(server: Server, fallback: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : fallback;
}
