import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Receipt } from '../publish/event.ts';

/** An event that its sender named, as it is about to be written. */
export interface NamedEvent {
  readonly key: string;
  /** Place in a batch, from 0. */
  readonly item: number;
  /** Of what is asked: the same key with another one is a conflict. */
  readonly fingerprint: Buffer;
  readonly eventId: string;
  readonly acceptedAtUs: bigint;
}

export type Claim =
  /** The caller of `claim` writes the event, under this id and time: those of the first attempt. */
  | {
      readonly kind: 'mine';
      readonly lease: string;
      readonly eventId: string;
      readonly acceptedAtUs: bigint;
    }
  /** It was written and answered. */
  | { readonly kind: 'done'; readonly receipt: Receipt }
  /** Another request is writing it. */
  | { readonly kind: 'busy' }
  /** The key belongs to another event. */
  | { readonly kind: 'conflict' };

export interface SettledEvent {
  readonly key: string;
  readonly item: number;
  readonly lease: string;
  /** Undefined: it was not acknowledged, and the next request may write it. */
  readonly receipt: Receipt | undefined;
}

/** What was asked and answered per Idempotency-Key, shared by all processes of the API. */
export interface KeyStore {
  /**
   * Claims events, all in one statement; keys are the caller's own. A claim lasts until it is settled or its
   * lease ends, which covers a process that died in between.
   * @returns in the order given; the second of two with one key and item is busy
   */
  claim(caller: string, events: readonly NamedEvent[]): Promise<Claim[]>;
  settle(caller: string, events: readonly SettledEvent[]): Promise<void>;
  /** Forgets what is past its time. @returns how many */
  expire(): Promise<number>;
}

export interface KeyStoreOptions {
  readonly pool: Pool;
  /** Longer than writing an event may take. */
  readonly leaseMs: number;
  /** How long a key is remembered. */
  readonly ttlMs: number;
}

const receiptSchema = z.object({
  id: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  timestamp: z.string(),
});

const CLAIM = `
  insert into producer.idempotency_keys as known
    (caller, key, item, fingerprint, event_id, accepted_at_us, lease, leased_until, expires_at)
  select $1, key, item, fingerprint, event_id, accepted_at_us, $7::uuid,
    now() + $8 * interval '1 ms', now() + $9 * interval '1 ms'
  from unnest($2::text[], $3::int[], $4::bytea[], $5::text[], $6::bigint[])
    as given (key, item, fingerprint, event_id, accepted_at_us)
  order by key, item -- two batches with the same keys wait for one another instead of deadlocking
  on conflict (caller, key, item) do update set
    lease = excluded.lease,
    leased_until = excluded.leased_until,
    fingerprint = excluded.fingerprint,
    event_id = case when known.expires_at < now() then excluded.event_id else known.event_id end,
    accepted_at_us =
      case when known.expires_at < now() then excluded.accepted_at_us else known.accepted_at_us end,
    receipt = null,
    expires_at = excluded.expires_at
  where known.expires_at < now()
    or known.receipt is null and known.leased_until < now() and known.fingerprint = excluded.fingerprint
  returning key, item, event_id, accepted_at_us`;

const LOOK = `
  select known.key, known.item, known.fingerprint = given.fingerprint as same, known.receipt
  from unnest($2::text[], $3::int[], $4::bytea[]) as given (key, item, fingerprint)
  join producer.idempotency_keys known using (key, item)
  where known.caller = $1`;

const SETTLE = `
  update producer.idempotency_keys as known
  set receipt = settled.receipt, leased_until = now() - interval '1 ms'
  from unnest($2::text[], $3::int[], $4::uuid[], $5::jsonb[]) as settled (key, item, lease, receipt)
  where known.caller = $1 and known.key = settled.key and known.item = settled.item
    and known.lease = settled.lease`;

const EXPIRE = `
  delete from producer.idempotency_keys where ctid = any(array(
    select ctid from producer.idempotency_keys where expires_at < now() limit 10000))`;

export function createKeyStore({ pool, leaseMs, ttlMs }: KeyStoreOptions): KeyStore {
  return {
    async claim(caller, events) {
      const lease = randomUUID();
      const first = firstOfEach(events);
      const keys = first.map(({ key }) => key);
      const items = first.map(({ item }) => item);
      const fingerprints = first.map(({ fingerprint }) => fingerprint);
      const claimed = await pool.query<ClaimedRow>(CLAIM, [
        caller,
        keys,
        items,
        fingerprints,
        first.map(({ eventId }) => eventId),
        first.map(({ acceptedAtUs }) => acceptedAtUs.toString()),
        lease,
        leaseMs,
        ttlMs,
      ]);
      const claims = new Map<string, Claim>();
      for (const row of claimed.rows) {
        const { event_id: eventId, accepted_at_us: acceptedAtUs } = row;
        claims.set(placeOf(row), { kind: 'mine', lease, eventId, acceptedAtUs });
      }
      if (claims.size < first.length) {
        const { rows } = await pool.query<KnownRow>(LOOK, [caller, keys, items, fingerprints]);
        for (const row of rows) {
          if (!claims.has(placeOf(row))) claims.set(placeOf(row), claimOfOther(row));
        }
      }
      return events.map((event) => {
        const claim = first.includes(event) ? claims.get(placeOf(event)) : undefined;
        return claim ?? { kind: 'busy' };
      });
    },

    async settle(caller, events) {
      await pool.query(SETTLE, [
        caller,
        events.map(({ key }) => key),
        events.map(({ item }) => item),
        events.map(({ lease }) => lease),
        events.map(({ receipt }) => (receipt === undefined ? null : JSON.stringify(receipt))),
      ]);
    },

    async expire() {
      return (await pool.query(EXPIRE)).rowCount ?? 0;
    },
  };
}

interface Place {
  readonly key: string;
  readonly item: number;
}

interface ClaimedRow extends Place {
  readonly event_id: string;
  readonly accepted_at_us: bigint;
}

interface KnownRow extends Place {
  readonly same: boolean;
  readonly receipt: string | null;
}

function claimOfOther({ same, receipt }: KnownRow): Claim {
  if (!same) return { kind: 'conflict' };
  if (receipt === null) return { kind: 'busy' };
  return { kind: 'done', receipt: receiptSchema.parse(JSON.parse(receipt)) };
}

function placeOf({ key, item }: Place): string {
  return `${item} ${key}`;
}

function firstOfEach(events: readonly NamedEvent[]): NamedEvent[] {
  const seen = new Map<string, NamedEvent>();
  for (const event of events) if (!seen.has(placeOf(event))) seen.set(placeOf(event), event);
  return [...seen.values()];
}
