import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, Socket } from 'node:net';
import { createApp } from '@shelfcast/service-kit/http/app';
import { type HttpService, serve } from '@shelfcast/service-kit/http/serve';
import { toProblem } from '@shelfcast/service-kit/http/to-problem';
import { createLogger } from '@shelfcast/service-kit/process/logging';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { forwarding } from './forwarding.ts';
import { createUpstream, type Upstream } from './upstream.ts';

const seenSchema = z.object({ url: z.string(), host: z.string(), origin: z.string().optional() });
const problemSchema = z.object({ detail: z.string() });
const seenBy = async (answer: Response) => seenSchema.parse(await answer.json());

interface Context {
  backend: Server;
  dashboard: HttpService;
  monitor: Upstream;
  producer: Upstream;
  /** Of the dashboard. */
  url: string;
}

const test = suite<Context>('forwarding');
const log = createLogger({ service: 'dashboard', instance: 'test', level: 'error' });
const host = '127.0.0.1';

test.before.each(async (context) => {
  context.backend = createServer((request, response) => {
    const { url, method, headers } = request;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url, method, host: headers.host, origin: headers.origin }));
  });
  context.backend.on('upgrade', (request: IncomingMessage, socket) => {
    // Half of a WebSocket's connection is no use.
    socket.on('end', () => socket.end());
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n`,
    );
    socket.write(`${request.url} ${request.headers.host}`);
  });
  await new Promise<void>((resolve) => context.backend.listen(0, host, resolve));
  const address = context.backend.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://${host}:${port}`;
  context.monitor = createUpstream({ name: 'The monitor', url, log });
  context.producer = createUpstream({ name: 'The producer API', url, log });
  const { monitor, producer } = context;
  const app = createApp({ routers: [forwarding({ monitor, producer })], toProblem, log });
  context.dashboard = await serve({ host, port: 0, app, drainMs: 0 });
  context.dashboard.server.on('upgrade', (request, socket, head) => {
    if (socket instanceof Socket) monitor.upgrade(request, socket, head);
  });
  context.url = `http://${host}:${context.dashboard.port}`;
});

test.after.each(async ({ backend, dashboard, monitor, producer }) => {
  monitor.close();
  producer.close();
  backend.closeAllConnections();
  backend.close();
  await dashboard.close();
});

test('paths arrive as they were sent, those of the producer API without their prefix', async ({
  url,
}) => {
  const seen = async (path: string) => seenBy(await fetch(url + path)).then((seen) => seen.url);
  assert.is(await seen('/api/events/a%2Fb?limit=2'), '/api/events/a%2Fb?limit=2');
  assert.is(await seen('/producer/schemas/country'), '/schemas/country');
});

test('Host and Origin are those that the browser sent', async ({ url }) => {
  const answer = await fetch(`${url}/api/audit`, { headers: { origin: 'https://evil.example' } });
  const seen = await seenBy(answer);
  assert.is(seen.host, new URL(url).host);
  assert.is(seen.origin, 'https://evil.example');
});

test('a service that is away is a 503 that says so', async ({ url, backend }) => {
  backend.close();
  backend.closeAllConnections();
  const answer = await fetch(`${url}/api/summary`);
  assert.is(answer.status, 503);
  assert.is(answer.headers.get('content-type'), 'application/problem+json');
  assert.is(answer.headers.get('retry-after'), '2');
  assert.is(problemSchema.parse(await answer.json()).detail, 'The monitor does not answer');
});

test('WebSockets reach the monitor, and end when the server closes', async ({
  dashboard,
  monitor,
}) => {
  const socket = connect(dashboard.port, host);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    'GET /socket.io/?EIO=4 HTTP/1.1\r\nhost: dashboard.example\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  );
  let text = '';
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    text += String(part);
    if (text.includes('dashboard.example')) break;
  }
  assert.match(text, '101 Switching Protocols');
  assert.match(text, '/socket.io/?EIO=4 dashboard.example');
  monitor.close();
  await ended;
  socket.destroy();
});

test.run();
