import { z } from 'zod';
import { createTestDatabase } from './database.ts';
import { fromEnvironment } from './environment.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';

/** A producer API of a test's own, with a database of its own, in a process of its own. */
export interface TestApi extends ServiceProcess {
  /** Answers to a JSON request. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** The address of its database, which keeps Idempotency-Keys. */
  readonly databaseUrl: string;
  /** Ends it in order, and drops its database. */
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: z.output<typeof answerBody>;
}

const violation = z.object({ pointer: z.string(), code: z.string(), detail: z.string() });
const problem = z.object({ detail: z.string(), violations: z.array(violation).optional() });

/** What answers may hold, of those that tests look into. */
const answerBody = z.looseObject({
  id: z.string().optional(),
  topic: z.string().optional(),
  partition: z.number().optional(),
  offset: z.number().optional(),
  detail: z.string().optional(),
  violations: z.array(violation).optional(),
  results: z
    .array(
      z.object({
        status: z.number(),
        id: z.string().optional(),
        offset: z.number().optional(),
        problem: problem.optional(),
      }),
    )
    .optional(),
  topics: z
    .array(z.object({ name: z.string(), partitions: z.number(), publishable: z.boolean() }))
    .optional(),
  retentionMs: z.number().nullable().optional(),
  version: z.number().optional(),
  versions: z.array(z.object({ version: z.number() })).optional(),
  example: z.unknown().optional(),
});

export async function startTestApi(settings: Record<string, string> = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const service = await startServiceProcess({
    workspace: 'producer-api',
    env: {
      KAFKA_BOOTSTRAP_SERVERS: fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'),
      SCHEMA_REGISTRY_URL: fromEnvironment('SCHEMA_REGISTRY_URL'),
      PRODUCER_DATABASE_URL: database.url,
      ...settings,
    },
  });
  return {
    ...service,
    databaseUrl: database.url,
    get url() {
      return service.url;
    },
    get pid() {
      return service.pid;
    },
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${service.url}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: answerBody.parse(text ? JSON.parse(text) : {}),
      };
    },
    async close() {
      await service.stop();
      await database.drop();
    },
  };
}
