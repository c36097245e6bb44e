import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { ClientBase, Pool } from 'pg';
import type { LedgerEntry } from '../payload.ts';

/** A delivery that this process alone may attempt until its lease ends. */
export interface ClaimedDelivery extends LedgerEntry {
  readonly subscriberId: string;
  readonly url: string;
  readonly secret: string;
  readonly eventNr: bigint;
  /** Attempts made before. */
  readonly attempts: number;
  /** Id of the change that caused it, or of another cause; and the trace that came with it. */
  readonly causeId: string;
  readonly traceId: string | null;
  readonly lease: string;
  /** Whether this is the one attempt that tells an open breaker whether to close. */
  readonly probe: boolean;
}

export interface ClaimOptions {
  readonly lease: string;
  readonly leaseMs: number;
  /** Most deliveries of one subscriber at a time in this process. */
  readonly perSubscriber: number;
  readonly inFlight: ReadonlyMap<string, number>;
  /** Most deliveries now. */
  readonly limit: number;
  readonly breakerThreshold: number;
}

interface ReadySubscriber {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly tokens: number;
  readonly probe: boolean;
}

/**
 * Takes deliveries that are due: of each product the earliest that is still open, of each subscriber as many as its
 * rate allows, one where its breaker is open and may be probed. Subscribers that another process is serving at this
 * moment are left for the next round.
 */
export function claimDue(pool: Pool, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  return inTransaction(pool, async (tx) => {
    const claimed: ClaimedDelivery[] = [];
    for (const subscriber of await readySubscribers(tx, options)) {
      const busy = options.inFlight.get(subscriber.id) ?? 0;
      const most = Math.min(
        subscriber.probe ? 1 : Math.floor(subscriber.tokens),
        options.perSubscriber - busy,
        options.limit - claimed.length,
      );
      if (most > 0) claimed.push(...(await claimOf(tx, subscriber, most, options)));
    }
    return claimed;
  });
}

async function readySubscribers(
  tx: ClientBase,
  { breakerThreshold, inFlight, perSubscriber }: ClaimOptions,
): Promise<ReadySubscriber[]> {
  const full = [...inFlight].filter(([, count]) => count >= perSubscriber).map(([id]) => id);
  const { rows } = await tx.query<ReadySubscriber>({
    name: 'pricing.ready',
    text: `select s.id, s.url, s.secret, h.consecutive_failures >= $1 as probe,
        least(s.rate_per_second, h.tokens
          + extract(epoch from now() - h.tokens_at)::float8 * s.rate_per_second) as tokens
      from pricing.subscriber_health h join pricing.subscribers s on s.id = h.subscriber_id
      where s.enabled and s.id <> all ($2) and (h.open_until is null or h.open_until <= now())
        and (h.rest_until is null or h.rest_until <= now())
        and exists (
          select from pricing.deliveries d
          where d.subscriber_id = s.id and d.state = 'waiting' and d.next_attempt_at <= now()
            and (d.leased_until is null or d.leased_until <= now()))
      order by h.tokens_at
      for update of h skip locked`,
    values: [breakerThreshold, full],
  });
  return rows;
}

type ClaimedRow = LedgerEntry &
  Pick<ClaimedDelivery, 'eventNr' | 'attempts' | 'causeId' | 'traceId'>;

async function claimOf(
  tx: ClientBase,
  subscriber: ReadySubscriber,
  most: number,
  { lease, leaseMs }: ClaimOptions,
): Promise<ClaimedDelivery[]> {
  const { rows } = await tx.query<ClaimedRow>({
    name: 'pricing.claim',
    text: `with due as (
        select d.event_id from pricing.deliveries d
        where d.subscriber_id = $1 and d.state = 'waiting' and d.next_attempt_at <= now()
          and (d.leased_until is null or d.leased_until <= now())
          and not exists (
            select from pricing.deliveries e
            where e.subscriber_id = $1 and runtime.bounded(e.product_id) = runtime.bounded(d.product_id) and e.event_nr < d.event_nr
              and e.state in ('waiting', 'failed'))
        order by d.next_attempt_at, d.event_nr limit $2
        for update skip locked),
      leased as (
        update pricing.deliveries d set lease = $3, leased_until = now() + $4::float8 * interval '1 ms'
        from due where d.subscriber_id = $1 and d.event_id = due.event_id
        returning d.event_id, d.event_nr, d.attempts)
      select c.id, c.product_id as "productId", c.category, c.brand,
        c.old_amount as "oldAmount", c.old_currency as "oldCurrency",
        c.new_amount as "newAmount", c.new_currency as "newCurrency",
        c.discount_id as "discountId", c.cause, to_json(c.occurred_at at time zone 'UTC') #>> '{}' || 'Z' as "occurredAt",
        c.cause_id as "causeId", c.trace_id as "traceId", l.event_nr as "eventNr", l.attempts
      from leased l join pricing.price_changes c on c.id = l.event_id
      order by l.event_nr`,
    values: [subscriber.id, most, lease, leaseMs],
  });
  if (rows.length > 0) {
    // While a probe is on its way, the breaker is open to everybody else.
    await tx.query(
      `update pricing.subscriber_health set tokens = $2, tokens_at = now(),
         open_until = case when $3 then now() + $4::float8 * interval '1 ms' else open_until end
       where subscriber_id = $1`,
      [subscriber.id, subscriber.tokens - rows.length, subscriber.probe, leaseMs],
    );
  }
  const { id: subscriberId, url, secret, probe } = subscriber;
  return rows.map((row) => ({ ...row, subscriberId, url, secret, lease, probe }));
}
