import { isIP } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type Agent, request } from 'undici';
import { type AllowedPrivate, refusal } from './address-policy.ts';
import { RefusedAddress } from './guarded-agent.ts';
import { hostOf, webhookUrl } from './webhook-url.ts';

/** What is sent, to whom. */
export interface Message {
  readonly url: string;
  readonly secret: string;
  /** The event's id: the same in every attempt, so that a receiver can tell a repetition. */
  readonly webhookId: string;
  readonly body: string;
  /** W3C trace context for the receiver. */
  readonly traceparent?: string | undefined;
}

export type AttemptResult =
  | { readonly outcome: 'delivered'; readonly status: number }
  | {
      readonly outcome: 'failed';
      /** Null: there was no answer. */
      readonly status: number | null;
      readonly error: string;
      /** The receiver's wish (Retry-After), in ms from now. */
      readonly retryAfterMs: number | null;
    };

export interface AttemptOptions {
  readonly agent: Agent;
  readonly allowed: AllowedPrivate;
  /** For everything together: name, connection, request and answer. */
  readonly timeoutMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  /** Ends the attempt early; it then rejects. */
  readonly signal: AbortSignal;
}

/** Of an answer no more is read. */
const MAX_ANSWER_BYTES = 4 * 1024;

/**
 * Sends a message once. Only a 2xx answer counts as delivered; a redirect is not followed, because its
 * target was not checked. Of the answer's body a few KiB are read at most, and the deadline holds for it too.
 * @throws only when `signal` aborts
 */
export async function attempt(message: Message, options: AttemptOptions): Promise<AttemptResult> {
  const { agent, allowed, timeoutMs, nowMs, signal } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const url = webhookUrl(message.url);
    const host = hostOf(url);
    const why = isIP(host) === 0 ? undefined : refusal(host, host, allowed);
    if (why !== undefined) throw new RefusedAddress(host, why);
    const answer = await request(url, {
      method: 'POST',
      dispatcher: agent,
      headers: signedHeaders(message, nowMs()),
      body: message.body,
      signal: AbortSignal.any([deadline, signal]),
    });
    const { statusCode: status } = answer;
    if (status >= 200 && status < 300) {
      // What it says does not matter; a short answer is read so that the connection can be used again.
      answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {});
      return { outcome: 'delivered', status };
    }
    const text = await beginningOf(answer.body);
    return {
      outcome: 'failed',
      status,
      error:
        status < 400 ? `redirects are not followed (${status})` : `answered ${status}: ${text}`,
      retryAfterMs: retryAfterMs(answer.headers['retry-after'], nowMs()),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      outcome: 'failed',
      status: null,
      error: deadline.aborted ? `no answer within ${timeoutMs} ms` : describe(error),
      retryAfterMs: null,
    };
  }
}

/** Headers of the Standard Webhooks specification, beside what HTTP needs. */
export function signedHeaders({ secret, webhookId, body, traceparent }: Message, nowMs: number) {
  const timestamp = new Date(nowMs);
  return {
    'content-type': 'application/json',
    'user-agent': 'Shelfcast-Webhooks/1',
    ...(traceparent === undefined ? {} : { traceparent }),
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(timestamp.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(webhookId, timestamp, body),
  };
}

/** The first few KiB of a body, which is then cancelled. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_ANSWER_BYTES) break; // leaving the loop destroys the stream
  }
  const text = Buffer.concat(chunks).subarray(0, 200).toString('utf8');
  // Postgres takes no NUL, and an operator no control characters.
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

/** Seconds or an HTTP date. */
export function retryAfterMs(header: string | string[] | undefined, nowMs: number): number | null {
  if (typeof header !== 'string') return null;
  const seconds = /^\d+$/.test(header);
  if (!seconds && !header.endsWith(' GMT')) return null; // Date.parse takes almost anything for a date
  const ms = seconds ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return ms > 0 ? ms : null; // also for a date that is none
}

function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
