import { createServer } from 'node:http';
import express, { type RequestHandler } from 'express';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createAuthenticator } from '../auth/authenticate.ts';
import { createAuthorizer } from '../auth/authorize.ts';
import { aboutRoute } from './about.ts';
import { methodNotAllowed } from './method-not-allowed.ts';

const test = suite('about');

test('a browser is shown a page, a program the same as JSON', async () => {
  const links = { docs: '/docs', dashboard: 'http://127.0.0.1:8080', nowhere: undefined };
  const app = express().use(aboutRoute({ title: 'A <service>', summary: 'It answers.', links }));
  const { require } = createAuthorizer({
    authenticator: createAuthenticator({ tokens: [], verifyJwt: undefined }),
    limits: { requests: 1, failures: 1 },
  });
  const handler: RequestHandler = (_request, response) => void response.end();
  app.use(
    express
      .Router()
      .get('/items/:item', require('viewer'), handler)
      .delete('/items/:item', [require('operator'), handler])
      .all('/items/:item', methodNotAllowed('GET', 'DELETE')),
  );
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
  try {
    const page = await fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    assert.match(page.headers.get('content-type') ?? '', 'text/html');
    const text = await page.text();
    assert.match(text, 'A &lt;service>');
    assert.match(text, 'href="/docs"');
    const plain = await (await fetch(url)).json();
    assert.equal(plain, {
      title: 'A <service>',
      summary: 'It answers.',
      links: { docs: '/docs', dashboard: 'http://127.0.0.1:8080' },
      routes: [
        { method: 'GET', path: '/', role: 'anyone' },
        { method: 'GET', path: '/items/:item', role: 'viewer' },
        { method: 'DELETE', path: '/items/:item', role: 'operator' },
      ],
    });
    assert.is((await fetch(url, { method: 'POST' })).status, 405);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.run();
