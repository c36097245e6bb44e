import { basicAuth, splitCredentials } from '@shelfcast/schemas/registry/url-credentials';
import pRetry from 'p-retry';
import { z } from 'zod';
import { ConnectError } from './connect-error.ts';
import type { ConnectorConfig } from './render.ts';

const taskStateSchema = z.enum([
  'UNASSIGNED',
  'RUNNING',
  'PAUSED',
  'STOPPED',
  'FAILED',
  'RESTARTING',
  'DESTROYED',
]);

const statusSchema = z.object({
  name: z.string(),
  connector: z.object({
    state: taskStateSchema,
    worker_id: z.string(),
    trace: z.string().optional(),
  }),
  tasks: z.array(
    z.object({
      id: z.number(),
      state: taskStateSchema,
      worker_id: z.string(),
      trace: z.string().optional(),
    }),
  ),
});

/** State of a connector and of each of its tasks. A connector can be RUNNING while its task is FAILED. */
export type ConnectorStatus = z.output<typeof statusSchema>;

const configSchema = z.record(z.string(), z.string());

const offsetsSchema = z.object({
  offsets: z.array(
    z.object({
      partition: z.record(z.string(), z.unknown()),
      // Null once an offset was deleted.
      offset: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});

/** What a connector has stored as its position, per source partition. */
export type ConnectorOffset = z.output<typeof offsetsSchema>['offsets'][number];

const validationSchema = z.object({
  error_count: z.number(),
  configs: z.array(
    z.object({
      definition: z.object({ name: z.string() }),
      value: z.object({ name: z.string(), errors: z.array(z.string()) }),
    }),
  ),
});

export type ConfigValidation = z.output<typeof validationSchema>;

const errorSchema = z.object({ error_code: z.number(), message: z.string() });
const anythingSchema = z.unknown();

export interface ConnectClientOptions {
  /** Base URL of any worker; it may hold user and password. */
  readonly url: string;
  /** Limit of a single request, default 15,000 ms. */
  readonly timeoutMs?: number;
  /**
   * How long to go on while the worker starts or rebalances, default 60,000 ms; a third of it while
   * nothing answers at all.
   */
  readonly retryForMs?: number;
}

/** Kafka Connect's REST API. Every method throws ConnectError. */
export interface ConnectClient {
  connectors(): Promise<string[]>;
  /** Undefined when there is no such connector. */
  config(connector: string): Promise<ConnectorConfig | undefined>;
  /** Creates a connector that does nothing until it is resumed. */
  createStopped(connector: string, config: ConnectorConfig): Promise<void>;
  putConfig(connector: string, config: ConnectorConfig): Promise<void>;
  /** Undefined when there is no such connector, or no worker has it yet. */
  status(connector: string): Promise<ConnectorStatus | undefined>;
  pause(connector: string): Promise<void>;
  resume(connector: string): Promise<void>;
  /** Ends the tasks; the configuration stays. */
  stop(connector: string): Promise<void>;
  restart(connector: string, options: { readonly onlyFailed: boolean }): Promise<void>;
  remove(connector: string): Promise<void>;
  offsets(connector: string): Promise<ConnectorOffset[]>;
  /** Replaces what is stored of these source partitions. The connector must be stopped. */
  alterOffsets(connector: string, offsets: readonly ConnectorOffset[]): Promise<void>;
  /** The connector must be stopped. */
  deleteOffsets(connector: string): Promise<void>;
  validate(config: ConnectorConfig): Promise<ConfigValidation>;
}

interface ConnectRequest<T> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

export function createConnectClient({
  url: address,
  timeoutMs = 15_000,
  retryForMs = 60_000,
}: ConnectClientOptions): ConnectClient {
  const { url, credentials } = splitCredentials(address);
  const authorization = credentials === undefined ? undefined : basicAuth(credentials);
  const send = <T>(request: ConnectRequest<T>): Promise<T> => {
    const startedAt = performance.now();
    return pRetry(() => sendOnce({ url, authorization, timeoutMs, request }), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 200,
      maxTimeout: 2_000,
      maxRetryTime: retryForMs,
      shouldRetry: ({ error }) => {
        if (!(error instanceof ConnectError) || !error.retriable) return false;
        const isSilent = error.code === 'CONNECT_UNREACHABLE';
        return !isSilent || performance.now() - startedAt < retryForMs / 3;
      },
    });
  };
  const command = async (method: 'PUT' | 'POST' | 'DELETE', path: string): Promise<void> => {
    await send({ method, path, answer: anythingSchema });
  };
  const get = <T>(path: string, answer: z.ZodType<T>) => send({ method: 'GET', path, answer });

  return {
    connectors: () => get('/connectors', z.array(z.string())),
    config: (connector) => unlessMissing(get(`${at(connector)}/config`, configSchema)),
    createStopped: async (connector, config) => {
      const body = { name: connector, config, initial_state: 'STOPPED' };
      await send({ method: 'POST', path: '/connectors', body, answer: anythingSchema });
    },
    putConfig: async (connector, config) => {
      const path = `${at(connector)}/config`;
      await send({ method: 'PUT', path, body: config, answer: anythingSchema });
    },
    status: (connector) => unlessMissing(get(`${at(connector)}/status`, statusSchema)),
    pause: (connector) => command('PUT', `${at(connector)}/pause`),
    resume: (connector) => command('PUT', `${at(connector)}/resume`),
    stop: (connector) => command('PUT', `${at(connector)}/stop`),
    restart: (connector, { onlyFailed }) =>
      command('POST', `${at(connector)}/restart?includeTasks=true&onlyFailed=${onlyFailed}`),
    remove: (connector) => command('DELETE', at(connector)),
    offsets: async (connector) => (await get(`${at(connector)}/offsets`, offsetsSchema)).offsets,
    alterOffsets: async (connector, offsets) => {
      const path = `${at(connector)}/offsets`;
      await send({ method: 'PATCH', path, body: { offsets }, answer: anythingSchema });
    },
    deleteOffsets: (connector) => command('DELETE', `${at(connector)}/offsets`),
    validate: (config) => {
      const plugin = encodeURIComponent(config['connector.class'] ?? '');
      const path = `/connector-plugins/${plugin}/config/validate`;
      return send({ method: 'PUT', path, body: config, answer: validationSchema });
    },
  };
}

function at(connector: string): string {
  return `/connectors/${encodeURIComponent(connector)}`;
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConnectError && error.code === 'CONNECTOR_NOT_FOUND') return undefined;
    throw error;
  }
}

async function sendOnce<T>({
  url,
  authorization,
  timeoutMs,
  request,
}: {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly timeoutMs: number;
  readonly request: ConnectRequest<T>;
}): Promise<T> {
  const { method, path, body, answer } = request;
  const { status, text } = await exchange(new URL(path, url), {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const content = parseJson(text);
  if (status >= 400) throw refusal(status, content);
  const parsed = answer.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ConnectError(
    'CONNECT_BAD_ANSWER',
    `${url} does not answer like Kafka Connect: ${z.prettifyError(parsed.error)}`,
    { status, cause: parsed.error },
  );
}

async function exchange(url: URL, init: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new ConnectError(
      'CONNECT_UNREACHABLE',
      `Kafka Connect does not answer at ${url.origin}: is it running (make status)?`,
      { cause },
    );
  }
}

function refusal(status: number, content: unknown): ConnectError {
  const parsed = errorSchema.safeParse(content);
  if (!parsed.success && (status === 404 || status >= 500)) {
    // The web server is up before the API is: everything is "not found" then, without Connect's words.
    return new ConnectError(
      'CONNECT_REBALANCING',
      `Kafka Connect is starting (HTTP ${status} without an explanation).`,
      { status },
    );
  }
  if (status === 401) {
    const needed =
      'Kafka Connect wants a user and a password: KAFKA_CONNECT_URL=http://user:password@host:8083.';
    return new ConnectError('CONNECT_REFUSED', needed, { status });
  }
  // Without Connect's words it is its web server's page, which says nothing to anybody.
  const message = parsed.success
    ? parsed.data.message
    : `Kafka Connect refused the request (HTTP ${status} without an explanation).`;
  if (status === 404) return new ConnectError('CONNECTOR_NOT_FOUND', message, { status });
  // 409 is also "already exists", which no waiting mends. 503 is a worker that has not joined yet, and a
  // worker that is busy with either answers 500 after a while.
  if (
    (status === 409 && /rebalance/i.test(message)) ||
    status === 503 ||
    (status === 500 && /timed out/i.test(message))
  ) {
    return new ConnectError('CONNECT_REBALANCING', message, { status });
  }
  return new ConnectError('CONNECT_REFUSED', message, { status });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
