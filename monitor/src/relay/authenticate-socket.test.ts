import { createServer } from 'node:http';
import { eventually } from '@shelfcast/service-kit/eventually';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { Server } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { authenticateSocket } from './authenticate-socket.ts';
import type { LiveServer } from './relay.ts';

const test = suite('letting clients in');

async function served(isOpen: boolean, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer();
  const io: LiveServer = new Server(server, { transports: ['websocket'] });
  const identify = ({ authorization = '' }: { readonly authorization: string | undefined }) =>
    authorization === ''
      ? Promise.reject(new Problem('unauthenticated', 'A bearer token is needed'))
      : Promise.resolve({ name: authorization, role: 'viewer' as const });
  authenticateSocket(io, { authorizer: { isOpen, identify }, nowMs: Date.now, maxClients: 6 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    await work(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
  } finally {
    await io.close();
  }
}

/** @returns the client, or why it was not let in */
function enter(url: string, token: string): Promise<Socket | string> {
  const client = connect(url, { transports: ['websocket'], auth: { token }, forceNew: true });
  return new Promise((resolve) => {
    client.once('connect', () => resolve(client));
    client.once('connect_error', ({ message }) => {
      client.close();
      resolve(message);
    });
  });
}

test('one caller has half of the places, and gives them back', () =>
  served(false, async (url) => {
    const own = [await enter(url, 'a'), await enter(url, 'a'), await enter(url, 'a')];
    assert.is(await enter(url, 'a'), 'too many clients of this caller');
    const others = [await enter(url, 'b'), await enter(url, 'c'), await enter(url, 'c')];
    assert.is(await enter(url, 'd'), 'too many clients');
    for (const one of [...own, ...others]) {
      assert.type(one, 'object');
      if (typeof one !== 'string') one.close();
    }
    await eventually(
      async () => {
        const again = await enter(url, 'a');
        if (typeof again === 'string') return false;
        again.close();
        return true;
      },
      { what: 'a place again' },
    );
  }));

test('where callers have no names, all places are everyone’s', () =>
  served(true, async (url) => {
    const all = await Promise.all(Array.from({ length: 6 }, () => enter(url, 'a')));
    for (const one of all) {
      assert.type(one, 'object');
      if (typeof one !== 'string') one.close();
    }
  }));

test.run();
