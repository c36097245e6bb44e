import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import type { Connection } from './outgoing.ts';
import type { LiveServer } from './relay.ts';

export interface AuthenticateSocketOptions {
  readonly authorizer: Pick<Authorizer, 'identify' | 'isOpen'>;
  readonly nowMs: () => number;
  /** Clients at a time, half of them of one caller where callers have names; who comes then is refused. */
  readonly maxClients: number;
}

/** The longest that a timer takes. A client whose token is valid for longer has to reconnect in between. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Lets clients in that have a token, for as long as it is good. The connection is cut then, not the subscription ended:
 * the client connects again by itself, goes on where it was with a new token, and is told why without.
 */
export function authenticateSocket(
  io: LiveServer,
  { authorizer, nowMs, maxClients }: AuthenticateSocketOptions,
): void {
  const connections = new Map<string, Set<Connection>>();
  const mostOfCaller = authorizer.isOpen ? maxClients : Math.ceil(maxClients / 2);
  io.use((socket, next) => {
    const { auth, headers, address } = socket.handshake;
    const authorization =
      typeof auth.token === 'string' ? `Bearer ${auth.token}` : headers.authorization;
    authorizer.identify({ authorization, host: headers.host }, address).then(
      ({ name, expiresAtMs }) => {
        const { conn } = socket;
        if (io.sockets.sockets.size >= maxClients) return next(new Error('too many clients'));
        const own = connections.get(name) ?? new Set();
        if (!own.has(conn) && own.size >= mostOfCaller) {
          return next(new Error('too many clients of this caller'));
        }
        connections.set(name, own.add(conn));
        conn.once('close', () => {
          own.delete(conn);
          if (own.size === 0) connections.delete(name);
        });
        if (expiresAtMs !== undefined) {
          const leftMs = Math.max(0, expiresAtMs - nowMs());
          const end = setTimeout(() => conn.close(), Math.min(leftMs, LONGEST_MS));
          conn.once('close', () => clearTimeout(end));
        }
        next();
      },
      (error: unknown) => next(error instanceof Error ? error : new Error('refused')),
    );
  });
}
