import { once } from 'node:events';
import net from 'node:net';

/** A way to a server that can be shut, for one client, while others go on using the server. */
export interface TcpGate {
  /** Where the client connects to instead. */
  readonly port: number;
  /** Cuts every connection and takes no more. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

/** Passes connections on to the server of a URL. */
export async function openGate(url: string): Promise<TcpGate> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  let isOpen = true;
  const server = net.createServer((client) => {
    if (!isOpen) {
      client.destroy();
      return;
    }
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => {}); // 'close' follows
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    shut() {
      isOpen = false;
      cut();
    },
    open() {
      isOpen = true;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The same URL by way of the gate. */
export function through(gate: TcpGate, url: string): string {
  const by = new URL(url);
  by.hostname = '127.0.0.1';
  by.port = `${gate.port}`;
  return by.toString();
}
