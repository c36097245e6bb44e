import { createServer, type RequestListener } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectClient, createConnectClient } from './connect-client.ts';
import { ConnectError, type ConnectErrorCode } from './connect-error.ts';

/** A worker that gives these answers in turn, the last one for ever. */
async function withWorker(
  answers: readonly { readonly status: number; readonly body: string }[],
  work: (client: ConnectClient, requests: readonly string[]) => Promise<void>,
  retryForMs = 2_000,
): Promise<void> {
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(answer?.status ?? 500, { 'content-type': 'application/json' });
    response.end(answer?.body);
  };
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  try {
    await work(
      createConnectClient({ url: `http://127.0.0.1:${address.port}`, retryForMs }),
      requests,
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const refused = (status: number, message: string) => ({
  status,
  body: JSON.stringify({ error_code: status, message }),
});

async function failsWith(work: Promise<unknown>, code: ConnectErrorCode): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, ConnectError);
  if (error instanceof ConnectError) assert.is(error.code, code, error.message);
}

test('a connector that does not exist is undefined, not an error', () =>
  withWorker([refused(404, 'Connector products not found')], async (client) => {
    assert.is(await client.config('products'), undefined);
  }));

test('a worker that is starting says 404 to everything: that is no answer about a connector', () =>
  withWorker(
    [
      { status: 404, body: '' },
      { status: 200, body: '{"a":"b"}' },
    ],
    async (client, requests) => {
      assert.equal(await client.config('products'), { a: 'b' });
      assert.is(requests.length, 2);
    },
  ));

test('a page of the web server is no explanation', () =>
  withWorker([{ status: 400, body: '<html>Ambiguous URI path</html>' }], async (client) => {
    const error = await client.status('../..').catch((reason: unknown) => reason);
    assert.match(String(error), /HTTP 400 without an explanation/);
  }));

test('a rebalance is waited for, a conflict is not', async () => {
  const rebalancing = refused(
    409,
    'Cannot complete request because of a conflicting operation (e.g. worker rebalance)',
  );
  await withWorker([rebalancing, { status: 202, body: '' }], (client) => client.pause('products'));
  await withWorker([refused(409, 'Connector products already exists')], (client, requests) =>
    failsWith(client.createStopped('products', {}), 'CONNECT_REFUSED').then(() =>
      assert.is(requests.length, 1),
    ),
  );
});

test('waiting ends', () =>
  withWorker(
    [refused(503, 'starting')],
    (client) => failsWith(client.connectors(), 'CONNECT_REBALANCING'),
    300,
  ));

test('something else behind the URL is told apart', () =>
  withWorker([{ status: 200, body: '<html>hello</html>' }], (client) =>
    failsWith(client.connectors(), 'CONNECT_BAD_ANSWER'),
  ));

test('nothing behind the URL says so', () =>
  failsWith(
    createConnectClient({ url: 'http://127.0.0.1:1', retryForMs: 300 }).connectors(),
    'CONNECT_UNREACHABLE',
  ));

test('names are escaped in paths', () =>
  withWorker([{ status: 202, body: '' }], async (client, requests) => {
    await client.stop('a/b c');
    assert.equal(requests, ['PUT /connectors/a%2Fb%20c/stop']);
  }));

test.run();
