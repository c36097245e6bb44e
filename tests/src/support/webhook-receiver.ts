import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { listen } from './listen.ts';

/** How a receiver takes one request: it answers, or not. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_, response) => {
    response.writeHead(status, headers).end('so it is');
  };
export const hang: Behaviour = () => {};
/** A header line now and then, for ever. */
export const slowly: Behaviour = (request) => {
  request.socket.write('HTTP/1.1 200 OK\r\n');
  const timer = setInterval(() => request.socket.write('x-more: 1\r\n'), 50);
  request.socket.on('close', () => clearInterval(timer));
};
/** A body that never ends, as quickly as it is read. */
export const endlessly =
  (status: number): Behaviour =>
  (_, response) => {
    response.writeHead(status);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', write).on('error', () => {});
    write();
  };

const payloadSchema = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.object({
    eventId: z.string(),
    productId: z.string(),
    oldPrice: z.object({ amount: z.string(), currency: z.string() }).nullable(),
    newPrice: z.object({ amount: z.string(), currency: z.string() }).nullable(),
    discountId: z.string().nullable(),
    cause: z.string(),
  }),
});

export interface Received {
  readonly webhookId: string;
  readonly payload: z.output<typeof payloadSchema>;
  readonly atMs: number;
}

export interface Receiver {
  readonly url: string;
  /** Requests whose signature verified and that were answered 2xx, in order. */
  readonly accepted: Received[];
  /** All whose signature verified. */
  readonly asked: Received[];
  /** Requests whose signature did not verify. */
  readonly forged: unknown[];
  /** What to do next; `answer(204)` at first. */
  behave: (next: (message: Received) => Behaviour) => void;
  close(): Promise<void>;
}

/** An HTTP server on loopback that verifies what it gets with the public library, and misbehaves when told to. */
export async function openReceiver(secret: string): Promise<Receiver> {
  const verifier = new Webhook(secret);
  let next: (message: Received) => Behaviour = () => answer(204);
  const accepted: Received[] = [];
  const asked: Received[] = [];
  const forged: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      try {
        const payload = payloadSchema.parse(verifier.verify(Buffer.concat(chunks), headers));
        const message = { webhookId: headers['webhook-id'] ?? '', payload, atMs: Date.now() };
        asked.push(message);
        const behaviour = next(message);
        behaviour(request, response);
        if (response.headersSent && response.statusCode < 300) accepted.push(message);
      } catch (error) {
        forged.push(error);
        response.writeHead(401).end();
      }
    });
  });
  const { origin, close } = await listen(server);
  return {
    url: `${origin}/hook`,
    accepted,
    asked,
    forged,
    behave: (behaviour) => {
      next = behaviour;
    },
    close,
  };
}
