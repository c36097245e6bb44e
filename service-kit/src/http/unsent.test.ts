import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../eventually.ts';
import { boundUnsent } from './unsent.ts';

const MIB = 1024 * 1024;

test('those who read nothing are cut when too much waits for them, and who reads is served', async () => {
  const unsent = boundUnsent({ maxBytes: 100 * MIB, everyMs: 20 });
  const server = createServer((_request, response) => {
    unsent.watch(response);
    response.end(Buffer.alloc(40 * MIB));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const idle = Array.from({ length: 6 }, () => {
    const socket = connect({
      ...{ host: '127.0.0.1', port },
      // Reads once and then no more.
      onread: { buffer: Buffer.alloc(1), callback: () => false },
    });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    return socket;
  });
  try {
    const connections = () =>
      new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    await eventually(async () => (await connections()) === 2, { what: 'all but two are cut' });
    const read = await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer();
    assert.is(read.byteLength, 40 * MIB);
  } finally {
    unsent.stop();
    for (const socket of idle) socket.destroy();
    server.close();
    server.closeAllConnections();
  }
});

test.run();
