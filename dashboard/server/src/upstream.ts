import { Agent as HttpAgent, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { messageOf } from '@shelfcast/service-kit/message-of';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { RequestHandler } from 'express';
import { createProxyServer } from 'httpxy';
import type { AssertClosed } from './closed-upstream.ts';

export interface UpstreamOptions {
  /** What it is called in messages: `the monitor`. */
  readonly name: string;
  readonly url: string;
  /** Rejects while nothing may be handed on. */
  readonly assertClosed?: AssertClosed;
  readonly log: Logger;
}

/** A service behind this one: pages call it under their own address. */
export interface Upstream {
  /** Hands requests on as they are; 503 when there is no answer. */
  readonly forward: RequestHandler;
  /** Hands a WebSocket on, from its handshake to its end. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Cuts the WebSockets, which would stay as long as their pages. */
  close(): void;
}

/** Longer than anything the services may take themselves. */
const ANSWER_TIMEOUT_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const RETRY_AFTER_SECONDS = 2;

/**
 * Hands on to `url`. Host and Origin stay as the browser sent them: the service judges by them whether the page is one
 * of this address, and whether a name elsewhere was led to this machine.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, url, log, assertClosed = () => Promise.resolve() } = options;
  const Agent = new URL(url).protocol === 'https:' ? HttpsAgent : HttpAgent;
  const agent = new Agent({ keepAlive: true });
  const proxy = createProxyServer({ target: url, changeOrigin: false });
  const sockets = new Set<Socket>();
  // The proxy passes on an end and an error. A socket that is just closed would leave the other one behind.
  proxy.on('proxyReqWs', (proxyRequest, _request, socket) => {
    proxyRequest.once('upgrade', (_response, behind) => {
      socket.once('close', () => behind.destroy());
      behind.once('close', () => socket.end());
    });
  });

  return {
    forward(request, response, next) {
      assertClosed()
        .then(() => proxy.web(request, response, { agent, proxyTimeout: ANSWER_TIMEOUT_MS }))
        .catch((cause: unknown) => {
          if (leftAlready(response)) return;
          if (cause instanceof Problem) return next(cause);
          const detail = `${name} does not answer`;
          next(
            new Problem('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS }),
          );
        });
    },
    upgrade(request, socket, head) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      const failed = (error: unknown): void => {
        log.debug({ error: messageOf(error) }, `a WebSocket to ${name} has failed`);
        socket.destroy();
      };
      socket.on('error', failed);
      assertClosed()
        .then(() =>
          proxy.ws(request, socket, { agent: false, upgradeTimeout: HANDSHAKE_TIMEOUT_MS }, head),
        )
        .catch(failed);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
    },
  };
}

/** Whether the answer has begun or the client has left: it cannot be told any more. */
function leftAlready(response: ServerResponse): boolean {
  if (response.headersSent) response.destroy();
  return response.destroyed;
}
