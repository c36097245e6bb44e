import { createServer, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { hostOf, isLoopback } from '../config/protected-mode.ts';
import { within } from '../deadline.ts';
import { messageOf } from '../message-of.ts';

/** Why a part is not ready, or undefined when it is. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>;

export interface HealthServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Node's own metrics (memory, event-loop lag, …) are added to the registry; default true. */
  readonly defaultMetrics?: boolean;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** What is to be told beside the checks, and does not count against being ready. */
  readonly notes?: () => readonly string[];
  /** A check that takes longer counts as failed (default 2,000 ms). */
  readonly checkTimeoutMs?: number;
}

export interface HealthServer {
  readonly port: number;
  /** The same answer as GET /readyz. */
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

export interface Readiness {
  readonly ready: boolean;
  /** `ok` or the reason, per check. */
  readonly checks: Readonly<Record<string, string>>;
  /** Only where there are some. */
  readonly notes?: readonly string[];
}

/** A request has come by then: what only holds a connection open would take the process's files. */
const SLOW_SENDERS = {
  headersTimeout: 2_000,
  requestTimeout: 2_000,
  connectionsCheckingInterval: 500,
};
const MAX_CONNECTIONS = 2_000;

/**
 * Serves GET /livez (the process answers), /readyz (200, or 503 with the reason of each failed
 * check, as JSON) and /metrics (Prometheus text).
 *
 * @throws Error naming the port and the setting that moves it, when the address cannot be bound
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port, registry, checks, checkTimeoutMs = 2_000 } = options;
  if (options.defaultMetrics ?? true) collectDefaultMetrics({ register: registry });
  const readiness = async () => {
    const state = await runChecks(checks, checkTimeoutMs);
    const notes = options.notes?.() ?? [];
    return notes.length === 0 ? state : { ...state, notes };
  };

  const server = createServer(SLOW_SENDERS, (request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (isLoopback(host) && !isLoopback(hostOf(request.headers.host))) {
      return answer(response, 421, { error: 'this machine is not asked by that name' });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return answer(response, 405, { error: 'method not allowed' });
    }
    if (path === '/livez') return answer(response, 200, { alive: true });
    const handled =
      path === '/readyz'
        ? readiness().then((state) => answer(response, state.ready ? 200 : 503, state))
        : path === '/metrics'
          ? registry.metrics().then((text) => {
              response.writeHead(200, { 'content-type': registry.contentType });
              response.end(text);
            })
          : undefined;
    if (handled === undefined) return answer(response, 404, { error: 'not found' });
    handled.catch(() => answer(response, 500, { error: 'internal error' }));
  });

  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainBindError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    readiness,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Turns EADDRINUSE and its kin into a sentence that says what to change. */
export function explainBindError(error: Error, host: string, port: number): Error {
  const code = 'code' in error ? error.code : undefined;
  const reason =
    code === 'EADDRINUSE'
      ? `port ${port} is in use by another process; set PORT to a free one`
      : code === 'EADDRNOTAVAIL'
        ? `this machine has no address ${host}; set HOST to one it has`
        : code === 'EACCES'
          ? `not allowed to bind port ${port}; set PORT to one above 1023`
          : error.message;
  return new Error(`cannot listen on ${host}:${port}: ${reason}`, { cause: error });
}

/** The state of all checks together; one that throws or takes longer counts as failed. */
export async function runChecks(
  checks: Readonly<Record<string, ReadinessCheck>>,
  timeoutMs: number,
): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, string]> => {
      return [name, (await reasonOf(check, timeoutMs)) ?? 'ok'];
    }),
  );
  return {
    ready: results.every(([, state]) => state === 'ok'),
    checks: Object.fromEntries(results),
  };
}

async function reasonOf(check: ReadinessCheck, timeoutMs: number): Promise<string | undefined> {
  try {
    const late = () => new Error(`no answer within ${timeoutMs} ms`);
    return await within(Promise.resolve().then(check), timeoutMs, late);
  } catch (error) {
    return messageOf(error);
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
