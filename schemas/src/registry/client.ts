import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
// Its HTTP layer only. The client's own SchemaRegistry class compiles what it fetches with avsc's lossy
// defaults, keeps it forever, asks again for unknown ids on every message, and recompiles a reader's schema
// for each record (1,832 instead of 230,099 msg/s): types, caches and decoding are therefore ours.
import registryApi from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import { CodecError } from '../errors.ts';
import type { SchemaRegistryTransport, SubjectCatalog, SubjectVersion } from './transport.ts';
import { splitCredentials } from './url-credentials.ts';

export interface RegistryTls {
  /** PEM text of the authorities to trust instead of the system's. */
  readonly ca?: string;
  /** PEM text of the client's certificate and key, for mutual TLS. */
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface RegistryClientOptions {
  /** Base URL of the Confluent API, for instance `http://127.0.0.1:8081/apis/ccompat/v7`; it may hold user and password. */
  readonly registryUrl: string;
  readonly auth?: { readonly username: string; readonly password: string };
  readonly tls?: RegistryTls;
  /** How long one request may take. */
  readonly requestTimeoutMs?: number;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;

/** A schema registry over HTTP(S), through @kafkajs/confluent-schema-registry. */
export function createRegistryClient(
  options: RegistryClientOptions,
): SchemaRegistryTransport & SubjectCatalog {
  const { tls, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = options;
  const { url: registryUrl, credentials } = splitCredentials(options.registryUrl);
  const auth = options.auth ?? credentials;
  const agent = registryUrl.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ...tls })
    : new HttpAgent({ keepAlive: true });
  const api = registryApi.default({
    host: registryUrl.replace(/\/+$/, ''),
    clientId: 'shelfcast',
    agent,
    ...(auth === undefined ? {} : { auth: { ...auth } }),
  });
  const timeout = requestTimeoutMs;

  /** An id or subject may be unknown, or the URL may not be a registry's at all: then nothing is known. */
  async function isRegistry(): Promise<boolean> {
    const failure = await failureOf(() => api.Subject.all({ timeout }));
    return failure === undefined || statusOf(failure) !== 404;
  }

  async function ask(what: string, request: () => Promise<Response>): Promise<Answer> {
    try {
      return { found: true, data: (await request()).data() };
    } catch (cause) {
      if (statusOf(cause) === 404 && (await isRegistry())) return { found: false };
      throw unavailable(what, registryUrl, cause);
    }
  }

  return {
    async schemaById(id) {
      const answer = await ask(`schema ${id}`, () => api.Schema.find({ id, timeout }));
      if (!answer.found) return undefined;
      return textField(answer.data, 'schema', registryUrl);
    },

    async idOf(subject, schema) {
      const answer = await ask(`the schema of ${subject}`, () =>
        api.Subject.registered({ subject, body: { schema }, timeout }),
      );
      return answer.found ? idField(answer.data, registryUrl) : undefined;
    },

    async register(subject, schema) {
      try {
        const response = await api.Subject.register({ subject, body: { schema }, timeout });
        return idField(response.data(), registryUrl);
      } catch (cause) {
        if (cause instanceof CodecError) throw cause;
        const status = statusOf(cause);
        if (status !== 409 && status !== 422) {
          throw unavailable(`the registration of ${subject}`, registryUrl, cause);
        }
        throw new CodecError(`The registry refuses the schema of ${subject}: ${messageOf(cause)}`, {
          code: 'REGISTRATION_REFUSED',
          cause,
        });
      }
    },

    async compatibility(subject) {
      const answer = await ask(`the compatibility of ${subject}`, () =>
        api.Subject.config({ subject, timeout }),
      );
      return answer.found ? textField(answer.data, 'compatibilityLevel', registryUrl) : undefined;
    },

    async setCompatibility(subject, compatibility) {
      await ask(`the compatibility of ${subject}`, () =>
        api.Subject.updateConfig({ subject, body: { compatibility }, timeout }),
      );
    },

    async subjects() {
      const answer = await ask('its subjects', () => api.Subject.all({ timeout }));
      if (answer.found && Array.isArray(answer.data)) return answer.data.map(String);
      throw unavailable('its subjects', registryUrl, answer);
    },

    async latest(subject) {
      const answer = await ask(`the newest schema of ${subject}`, () =>
        api.Subject.latestVersion({ subject, timeout }),
      );
      return answer.found ? subjectVersion(answer.data, registryUrl) : undefined;
    },

    async version(subject, version) {
      const answer = await ask(`version ${version} of ${subject}`, () =>
        api.Subject.version({ subject, version, timeout }),
      );
      return answer.found ? subjectVersion(answer.data, registryUrl) : undefined;
    },

    close: () => agent.destroy(),
  };
}

interface Response {
  data(): unknown;
}
type Answer = { readonly found: true; readonly data: unknown } | { readonly found: false };

async function failureOf(request: () => Promise<Response>): Promise<unknown> {
  try {
    await request();
    return undefined;
  } catch (failure) {
    return failure;
  }
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'status' in error
    ? error.status
    : undefined;
}

function textField(data: unknown, field: string, registryUrl: string): string {
  const value = fieldOf(data, field);
  if (typeof value === 'string') return value;
  throw unavailable(`a ${field}`, registryUrl, data);
}

function idField(data: unknown, registryUrl: string): number {
  const id = fieldOf(data, 'id');
  if (typeof id === 'number' && Number.isInteger(id)) return id;
  throw unavailable('a schema id', registryUrl, data);
}

function subjectVersion(data: unknown, registryUrl: string): SubjectVersion {
  const version = fieldOf(data, 'version');
  if (typeof version !== 'number') throw unavailable('a version', registryUrl, data);
  return {
    version,
    schemaId: idField(data, registryUrl),
    schemaText: textField(data, 'schema', registryUrl),
  };
}

function fieldOf(data: unknown, field: string): unknown {
  return typeof data === 'object' && data !== null ? Reflect.get(data, field) : undefined;
}

function unavailable(what: string, registryUrl: string, cause: unknown): CodecError {
  return new CodecError(
    `The registry at ${registryUrl} gave no answer for ${what}: ${messageOf(cause)}`,
    { code: 'REGISTRY_UNAVAILABLE', retriable: true, cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : JSON.stringify(cause);
}
