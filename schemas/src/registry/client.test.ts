import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CodecError } from '../errors.ts';
import { createRegistryClient, type RegistryClientOptions } from './client.ts';
import type { SchemaRegistryTransport, SubjectCatalog } from './transport.ts';

interface Answer {
  status: number;
  body: unknown;
}

/** A real HTTP server in the registry's place. */
async function withServer(
  answer: (request: IncomingMessage, body: string) => Answer | undefined,
  work: (client: SchemaRegistryTransport & SubjectCatalog, requests: string[]) => Promise<void>,
  options: Partial<RegistryClientOptions> = {},
): Promise<void> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push(`${request.method} ${request.url}`);
    const reply = answer(request, body);
    if (reply === undefined) return;
    response.writeHead(reply.status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  const port = await listen(server);
  const client = createRegistryClient({
    registryUrl: `http://127.0.0.1:${port}/apis/ccompat/v7/`,
    requestTimeoutMs: 200,
    ...options,
  });
  try {
    await work(client, requests);
  } finally {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function failureOf(promise: Promise<unknown>): Promise<CodecError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error('expected a CodecError');
}

const NOT_FOUND: Answer = { status: 404, body: { error_code: 40403, message: 'Schema not found' } };

test('a schema comes as its text, below the path of the registry’s URL', async () => {
  await withServer(
    () => ({ status: 200, body: { schema: '"int"' } }),
    async (client, requests) => {
      assert.is(await client.schemaById(7), '"int"');
      assert.equal(requests, ['GET /apis/ccompat/v7/schemas/ids/7']);
    },
  );
});

test('an unknown id is told from an address that is no registry', async () => {
  const registry = (request: IncomingMessage) =>
    request.url?.endsWith('/subjects') ? { status: 200, body: [] } : NOT_FOUND;
  await withServer(registry, async (client) => {
    assert.is(await client.schemaById(7), undefined);
    assert.is(await client.idOf('t-value', '"int"'), undefined);
    assert.is(await client.compatibility('t-value'), undefined);
  });
  await withServer(
    () => ({ status: 404, body: '<html>nothing here</html>' }),
    async (client) => {
      const error = await failureOf(client.schemaById(7));
      assert.equal([error.code, error.retriable], ['REGISTRY_UNAVAILABLE', true]);
    },
  );
});

test('no answer, a wrong one, and refused credentials are retriable', async () => {
  const answers: (Answer | undefined)[] = [
    undefined,
    { status: 200, body: '<html>login</html>' },
    { status: 200, body: { id: 7 } },
    { status: 401, body: { message: 'who are you' } },
    { status: 500, body: 'broken' },
  ];
  for (const answer of answers) {
    await withServer(
      () => answer,
      async (client) => {
        const error = await failureOf(client.schemaById(7));
        assert.equal([error.code, error.retriable], ['REGISTRY_UNAVAILABLE', true]);
      },
    );
  }
  const unreachable = createRegistryClient({ registryUrl: 'http://127.0.0.1:1' });
  assert.is((await failureOf(unreachable.schemaById(7))).code, 'REGISTRY_UNAVAILABLE');
});

test('a schema is registered under its subject, with the given credentials', async () => {
  let seen: string[] = [];
  await withServer(
    (request, body) => {
      seen = [String(request.headers.authorization), body];
      return { status: 200, body: { id: 12 } };
    },
    async (client, requests) => {
      assert.is(await client.register('a/b-value', '"int"'), 12);
      assert.equal(requests, ['POST /apis/ccompat/v7/subjects/a%2Fb-value/versions']);
      const credentials = Buffer.from('me:secret').toString('base64');
      assert.equal(seen, [`Basic ${credentials}`, '{"schema":"\\"int\\""}']);
    },
    { auth: { username: 'me', password: 'secret' } },
  );
});

test('an incompatible schema is refused for good, with the subject’s name', async () => {
  await withServer(
    () => ({ status: 409, body: { error_code: 409, message: 'reader field is missing' } }),
    async (client) => {
      const error = await failureOf(client.register('country-value', '"int"'));
      assert.equal([error.code, error.retriable], ['REGISTRATION_REFUSED', false]);
      assert.match(error.message, /country-value.*reader field is missing/);
    },
  );
});

test('the newest version of a subject, one version, or that there is none', async () => {
  const version = { subject: 's-value', version: 3, id: 7, schema: '"string"' };
  await withServer(
    ({ url = '' }) => {
      if (url.endsWith('/s-value/versions/latest')) return { status: 200, body: version };
      if (url.endsWith('/subjects')) return { status: 200, body: ['s-value'] };
      return { status: 404, body: { error_code: 40402, message: 'none' } };
    },
    async (client) => {
      const found = { version: 3, schemaId: 7, schemaText: '"string"' };
      assert.equal(await client.latest('s-value'), found);
      assert.is(await client.version('s-value', 9), undefined);
      assert.is(await client.latest('t-value'), undefined);
      assert.equal(await client.subjects(), ['s-value']);
    },
  );
});

test('a version that is none of a registry’s is no answer', async () => {
  await withServer(
    () => ({ status: 200, body: { id: 7, schema: '"string"' } }),
    async (client) => {
      assert.is((await failureOf(client.latest('s-value'))).code, 'REGISTRY_UNAVAILABLE');
    },
  );
});

test.run();
