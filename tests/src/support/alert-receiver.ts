import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { listen } from './listen.ts';

const payloadSchema = z.object({
  type: z.string(),
  data: z.object({
    name: z.string(),
    subject: z.string(),
    summary: z.string(),
    remedy: z.string().nullable(),
    runbook: z.string(),
    sinceMs: z.number(),
  }),
});

/** A webhook that takes alerts and verifies them with the public library. */
export interface AlertReceiver {
  readonly url: string;
  readonly received: ({ readonly id: string } & z.output<typeof payloadSchema>)[];
  /** Requests whose signature did not verify. */
  readonly forged: unknown[];
  close(): Promise<void>;
}

export async function openAlertReceiver(secret: string): Promise<AlertReceiver> {
  const verifier = new Webhook(secret);
  const received: AlertReceiver['received'] = [];
  const forged: unknown[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      try {
        const payload = payloadSchema.parse(verifier.verify(body, headers));
        received.push({ id: headers['webhook-id'] ?? '', ...payload });
        response.writeHead(204).end();
      } catch (error) {
        forged.push(error);
        response.writeHead(401).end();
      }
    });
  });
  const { origin, close } = await listen(server);
  return {
    url: `${origin}/alerts`,
    received,
    forged,
    close,
  };
}
