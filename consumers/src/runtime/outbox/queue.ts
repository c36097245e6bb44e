import { ADVISORY_LOCKS } from '@shelfcast/service-kit/postgres/advisory-locks';
import type { ClientBase } from 'pg';
import { decodeHeaders, type OutgoingMessage } from './outbox.ts';

/** A message that was published and is not acknowledged yet. */
export interface QueuedMessage extends OutgoingMessage {
  readonly id: bigint;
}

export interface SetAside {
  readonly id: bigint;
  /** `held`: tried again by itself; `refused`: waits for a person to look at it. */
  readonly state: 'held' | 'refused';
  readonly error: string;
}

interface Row {
  readonly id: bigint;
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: string;
}

/** Whether this session is now the one that relays; the lock goes when the session ends. */
export async function tryToLead(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ leads: boolean }>(
    'select pg_try_advisory_lock($1) as leads',
    [ADVISORY_LOCKS.outboxRelay],
  );
  return rows[0]?.leads === true;
}

/** The oldest waiting messages: as many as given and as fit into the bytes, but one at least. */
export async function readWaiting(
  client: ClientBase,
  { maxMessages, maxBytes }: { readonly maxMessages: number; readonly maxBytes: number },
): Promise<QueuedMessage[]> {
  const { rows } = await client.query<Row>({
    name: 'runtime.outbox_read',
    text: READ,
    values: [maxMessages, maxBytes],
  });
  return rows.map(toMessage);
}

const READ = `
select id, topic, key, value, headers from (
  select *, sum(bytes) over (order by id rows unbounded preceding) as bytes_so_far
  from (
    select id, topic, key, value, headers,
      coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)
        + octet_length(headers::text) as bytes
    from runtime.outbox where state = 'waiting' order by id limit $1
  ) as oldest
) as counted
where bytes_so_far <= $2 or bytes_so_far = bytes
order by id`;

export async function deleteSent(client: ClientBase, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return;
  await client.query({
    name: 'runtime.outbox_delete',
    text: 'delete from runtime.outbox where id = any($1::bigint[])',
    values: [ids.map(String)],
  });
}

export async function setAside(client: ClientBase, entries: readonly SetAside[]): Promise<void> {
  if (entries.length === 0) return;
  await client.query(
    `update runtime.outbox as o set state = s.state, error = s.error
     from unnest($1::bigint[], $2::text[], $3::text[]) as s(id, state, error) where o.id = s.id`,
    [
      entries.map(({ id }) => String(id)),
      entries.map(({ state }) => state),
      entries.map(({ error }) => error),
    ],
  );
}

/** Topics with held messages. */
export async function heldTopics(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ topic: string }>(
    `select distinct topic from runtime.outbox where state = 'held'`,
  );
  return rows.map(({ topic }) => topic);
}

/** The oldest held message of a topic. */
export async function oldestHeld(
  client: ClientBase,
  topic: string,
): Promise<QueuedMessage | undefined> {
  const { rows } = await client.query<Row>(
    `select id, topic, key, value, headers from runtime.outbox
     where state = 'held' and topic = $1 order by id limit 1`,
    [topic],
  );
  return rows.map(toMessage)[0];
}

/** Puts the held messages of a topic back to where they were in the queue. */
export async function releaseTopic(client: ClientBase, topic: string): Promise<void> {
  await client.query(
    `update runtime.outbox set state = 'waiting', error = null
     where state = 'held' and topic = $1`,
    [topic],
  );
}

function toMessage({ id, topic, key, value, headers }: Row): QueuedMessage {
  return { id, topic, key, value, headers: decodeHeaders(headers) };
}
