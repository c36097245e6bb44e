import { createHash } from 'node:crypto';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { writeJson } from '../json/write-json.ts';
import type { Envelope } from '../publish/envelope.ts';

/** How a sender names an event, so that sending it again is the same event. */
export interface EventName {
  readonly key: string;
  /** Place in a batch, from 0. */
  readonly item: number;
  /** Of what is asked. */
  readonly fingerprint: Buffer;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The request's Idempotency-Key, or undefined.
 * @throws {Problem} 400 for one that is empty, too long or not printable ASCII
 */
export function idempotencyKeyOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw new Problem('malformed', 'An Idempotency-Key is 1 to 255 printable ASCII characters');
}

/**
 * The name of an event: the request's Idempotency-Key and its place in the batch, or else a CloudEvent's source
 * and id, which by the specification name one event. Undefined for a plain event without a key.
 */
export function nameEvent(
  envelope: Envelope,
  {
    key,
    item,
    of,
  }: { readonly key: string | undefined; readonly item: number; readonly of: number },
): EventName | undefined {
  const { topic, data, cloudEvent } = envelope;
  const content = [
    topic,
    envelope.key ?? '',
    writeJson(data),
    cloudEvent?.type,
    cloudEvent?.subject,
  ];
  if (key !== undefined) {
    return { key: `key:${key}`, item, fingerprint: digest([...content, String(of)]) };
  }
  if (cloudEvent === undefined) return undefined;
  const name = digest([cloudEvent.source, cloudEvent.id]).toString('hex');
  return { key: `cloudevent:${name}`, item: 0, fingerprint: digest(content) };
}

function digest(parts: readonly (string | undefined)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
