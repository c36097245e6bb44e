import express from 'express';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { securityHeaders } from './security-headers.ts';

test('helmet’s headers are set, and none that would bind other names of this host to TLS', async () => {
  const app = express().use(securityHeaders(), (_request, response) => void response.end());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  try {
    const port = typeof address === 'object' ? address?.port : 0;
    const { headers } = await fetch(`http://127.0.0.1:${port}/`);
    assert.is(headers.get('strict-transport-security'), null);
    assert.is(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy') ?? '', "default-src 'self'");
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.run();
