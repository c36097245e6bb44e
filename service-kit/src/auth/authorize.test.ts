import { createServer } from 'node:http';
import express from 'express';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Problem } from '../http/problem.ts';
import { createAuthenticator } from './authenticate.ts';
import { createAuthorizer } from './authorize.ts';

const test = suite('authorize');

test('failed attempts of an address are limited together, by socket and by request', async () => {
  const verifyJwt = () => Promise.reject(new Problem('unauthenticated', 'The token is not valid'));
  const authenticator = createAuthenticator({ tokens: [], verifyJwt });
  let nowMs = 0;
  const limits = { requests: 1_000, failures: 5 };
  const authorizer = createAuthorizer({ authenticator, limits, nowMs: () => nowMs });
  const guess = async (address: string): Promise<unknown> => {
    const credentials = { authorization: 'Bearer guess', host: undefined };
    const error = await authorizer.identify(credentials, address).catch((reason) => reason);
    return error instanceof Problem ? error.status : error;
  };
  const app = express();
  app.use(authorizer.require('viewer'));
  app.use(((error: unknown, _request, response, _next) => {
    response.status(error instanceof Problem ? error.status : 500).end();
  }) satisfies express.ErrorRequestHandler);
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  try {
    for (let nr = 0; nr < 5; nr += 1) assert.is(await guess('127.0.0.1'), 401);
    assert.is(await guess('127.0.0.1'), 429);
    const ask = () => fetch(`http://127.0.0.1:${address.port}/`);
    assert.is((await ask()).status, 429, 'a request of the same address');
    assert.is(await guess('127.0.0.2'), 401, 'another address');
    nowMs += 1_000;
    assert.is((await ask()).status, 401, 'a second later');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.run();
