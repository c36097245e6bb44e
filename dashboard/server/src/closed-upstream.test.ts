import { createServer, type Server } from 'node:http';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClosedCheck } from './closed-upstream.ts';

const test = suite<{ server: Server; url: string; status: number }>('closed upstream');

test.before.each(async (context) => {
  context.status = 200;
  context.server = createServer((_request, response) => {
    response.writeHead(context.status).end();
  });
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve));
  const address = context.server.address();
  context.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
test.after.each(({ server }) => {
  server.close();
  server.closeAllConnections();
});

const checkOf = (url: string, authConfigured = true) =>
  createClosedCheck({ name: 'The monitor', url, authConfigured });
const said = (checked: Promise<void>) =>
  checked.then(
    () => 'closed',
    (error: unknown) => (error instanceof Problem ? error.message : String(error)),
  );

test('what asks for a token is closed; nothing else is, with any answer', async (context) => {
  for (const status of [200, 404, 429, 500, 503]) {
    context.status = status;
    assert.match(await said(checkOf(context.url)()), 'lets in whoever asks', `${status}`);
  }
  context.status = 401;
  const check = checkOf(context.url);
  assert.is(await said(check()), 'closed');
});

test('silence is not believed: what starts may be open', async ({ url, server }) => {
  const port = Number(new URL(url).port);
  const check = checkOf(url);
  await new Promise((resolve) => server.close(resolve));
  assert.match(await said(check()), 'does not answer');
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  assert.match(await said(check()), 'lets in whoever asks');
});

test('without tokens here nothing is promised, and nothing asked', async () => {
  assert.is(await said(checkOf('http://127.0.0.1:9', false)()), 'closed');
});

test.run();
