import { createHash } from 'node:crypto';
import { deriveId } from '@shelfcast/schemas/change-id';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { v7 as uuidv7 } from 'uuid';
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
  const { cloudEvent } = envelope;
  const content = contentOf(envelope);
  if (key !== undefined) {
    return { key: `key:${key}`, item, fingerprint: digest([...content, String(of)]) };
  }
  if (cloudEvent === undefined) return undefined;
  const name = digest([cloudEvent.source, cloudEvent.id]).toString('hex');
  return { key: `cloudevent:${name}`, item: 0, fingerprint: digest(content) };
}

/** Who sent an event, and where: what its id is unique within. */
export interface Sender {
  /** INSTANCE_ID of this process: each instance has callers of its own. */
  readonly instance: string;
  /** Who was let in; a CloudEvent's `source` is only what that caller says. */
  readonly caller: string;
}

/**
 * The id under which all that is ours knows an event. A CloudEvent sent again has the same one; the same `source` and
 * `id` from another caller, or with another content once the first is forgotten, are another event. A plain event has
 * a new one each time.
 */
export function eventIdOf(envelope: Envelope, { instance, caller }: Sender): string {
  const { cloudEvent } = envelope;
  if (cloudEvent === undefined) return uuidv7();
  const content = digest(contentOf(envelope)).toString('hex');
  return deriveId(['event', instance, caller, cloudEvent.source, cloudEvent.id, content]);
}

/** What makes two requests under one name the same. */
function contentOf({ topic, key, data, cloudEvent }: Envelope): (string | undefined)[] {
  return [topic, key ?? '', writeJson(data), cloudEvent?.type, cloudEvent?.subject];
}

function digest(parts: readonly (string | undefined)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
