import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import type { LiveServer } from './relay.ts';

export interface LetInOptions {
  readonly authorizer: Pick<Authorizer, 'identify'>;
  readonly nowMs: () => number;
  /** Clients at a time; who comes then is refused. */
  readonly maxClients: number;
}

/** The longest that a timer takes. A token with more time than that has its client connect anew in between. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Lets clients in that have a token, for as long as it is good. The connection is cut then, not the subscription ended:
 * the client connects again by itself, goes on where it was with a new token, and is told why without.
 */
export function letIn(io: LiveServer, { authorizer, nowMs, maxClients }: LetInOptions): void {
  io.use((socket, next) => {
    const { auth, headers, address } = socket.handshake;
    const authorization =
      typeof auth.token === 'string' ? `Bearer ${auth.token}` : headers.authorization;
    authorizer.identify({ authorization, host: headers.host }, address).then(
      ({ expiresAtMs }) => {
        const { conn } = socket;
        if (io.sockets.sockets.size >= maxClients) return next(new Error('too many clients'));
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
