import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CoalescingSocket } from './coalescing-socket.ts';

const test = suite('coalescing-socket');

/** Notes how many pieces each write to the system took along. */
class Observed extends CoalescingSocket {
  readonly writes: number[] = [];

  override _write(...args: Parameters<CoalescingSocket['_write']>): void {
    this.writes.push(1);
    super._write(...args);
  }

  override _writev(...args: Parameters<NonNullable<CoalescingSocket['_writev']>>): void {
    this.writes.push(args[0].length);
    super._writev?.(...args);
  }
}

test('what is sent in one turn, microtasks included, is one write, in order', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const arrived = once(server, 'connection').then(([peer]) => text(peer));
  const socket = new Observed();
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  try {
    socket.write('a');
    socket.cork(); // as node-postgres does around a statement
    socket.write('b');
    socket.write('c');
    socket.uncork();
    await Promise.resolve();
    socket.write('d');
    await new Promise(setImmediate);
    assert.equal(socket.writes, [4]);

    const written = new Promise((resolve) => socket.write('e', resolve));
    await written;
    assert.equal(socket.writes, [4, 1]);
    socket.end('f');
    assert.is(await arrived, 'abcdef');
  } finally {
    socket.destroy();
    server.close();
  }
});

test.run();
