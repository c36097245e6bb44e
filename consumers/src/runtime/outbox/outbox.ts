import type { Codec } from '@shelfcast/schemas/codec';
import type { Contract } from '@shelfcast/schemas/contract';
import type { ClientBase } from 'pg';

/** A record for Kafka that belongs to an effect; the key decides its partition. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly key: Buffer | string | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string>>;
}

/** An event whose value has a contract, which also names its topic. */
export interface OutgoingEvent<T> extends Pick<OutgoingMessage, 'key' | 'headers'> {
  readonly contract: Contract<T>;
  readonly value: T;
}

export type Encoders = Pick<Codec, 'encoder'>;

/** Told of by NOTIFY when a transaction that published something commits. */
export const OUTBOX_CHANNEL = 'shelfcast_outbox';

/** Collects what one transaction publishes. */
export function openOutbox(tx: ClientBase, consumer: string, codec: Encoders) {
  const messages: (() => Promise<OutgoingMessage>)[] = [];
  return {
    publish(message: OutgoingMessage): void {
      messages.push(async () => message);
    },
    publishEvent<T>({ contract, value, ...rest }: OutgoingEvent<T>): void {
      const encode = async () => (await codec.encoder(contract))(value);
      messages.push(async () => ({ ...rest, topic: contract.topic, value: await encode() }));
    },
    /**
     * To be called once, at the end of the transaction.
     * @throws {CodecError} INVALID_VALUE; REGISTRY_UNAVAILABLE for a contract not met before
     */
    async write(): Promise<void> {
      if (messages.length === 0) return;
      await writeOutbox(tx, consumer, await Promise.all(messages.map((message) => message())));
    },
  };
}

/**
 * Publishes messages with the caller's transaction: they are sent, at least once, when it commits and
 * never when it does not. No statement for no messages.
 *
 * Messages of one key are sent in the order of their transactions, provided that each of these holds a
 * lock that belongs to the key: a change's guard, or the lock by which a job serialises its work.
 */
export async function writeOutbox(
  tx: ClientBase,
  consumer: string,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  await tx.query({
    name: 'runtime.outbox_write',
    text: WRITE,
    values: [
      consumer,
      messages.map((message) => message.topic),
      messages.map(({ key }) => (typeof key === 'string' ? Buffer.from(key) : key)),
      messages.map((message) => message.value),
      messages.map((message) => encodeHeaders(message.headers ?? {})),
      OUTBOX_CHANNEL,
    ],
  });
}

const WRITE = `
with written as (
  insert into runtime.outbox (consumer, topic, key, value, headers)
  select $1, m.topic, m.key, m.value, m.headers::jsonb
  from unnest($2::text[], $3::bytea[], $4::bytea[], $5::text[]) with ordinality
    as m(topic, key, value, headers, nr)
  order by m.nr
)
select pg_notify($6, '')`;

/** JSON text for `runtime.outbox.headers`: what jsonb cannot hold as text goes as bytes. */
export function encodeHeaders(headers: Readonly<Record<string, Buffer | string>>): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' && !value.includes('\u0000') && isWellFormed(value)
          ? value
          : { base64: Buffer.from(value).toString('base64') },
      ]),
    ),
  );
}

/** The headers in a text that `encodeHeaders` made. */
export function decodeHeaders(text: string): Record<string, Buffer | string> {
  const stored: Record<string, string | { readonly base64: string }> = JSON.parse(text);
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : Buffer.from(value.base64, 'base64'),
    ]),
  );
}

/** A lone surrogate is no text to Postgres. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
