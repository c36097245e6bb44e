import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { AttemptResult } from '@shelfcast/service-kit/webhooks/attempt';
import type { Pool } from 'pg';
import type { ClaimedDelivery } from './claim.ts';
import { afterFailure, breakerDelayMs, type DeliveryPolicy, restMs } from './policy.ts';

/**
 * What a settled attempt means for the delivery. `gone`: it waits, and its subscriber was disabled; `leaseLost`: another
 * process has it by now.
 */
export type Settled = 'delivered' | 'retry' | 'failed' | 'gone' | 'leaseLost';

const HTTP_GONE = 410;

/** Keeps the outcome of an attempt in the ledger, and lets the subscriber's breaker know. */
export async function settle(
  pool: Pool,
  delivery: ClaimedDelivery,
  result: AttemptResult,
  policy: DeliveryPolicy,
): Promise<Settled> {
  return result.outcome === 'delivered'
    ? await settleDelivered(pool, delivery, result.status)
    : await settleFailed(pool, delivery, result, policy);
}

/** One statement: this is the common case. */
async function settleDelivered(
  pool: Pool,
  { subscriberId, id, lease }: ClaimedDelivery,
  status: number,
): Promise<Settled> {
  const { rows } = await pool.query<{ count: bigint }>({
    name: 'pricing.delivered',
    text: `with settled as (
        update pricing.deliveries set state = 'delivered', attempts = attempts + 1, lease = null, leased_until = null,
          last_attempt_at = now(), last_status = $4, last_error = null, settled_at = now()
        where subscriber_id = $1 and event_id = $2 and lease = $3 returning 1),
      healthy as (
        update pricing.subscriber_health set consecutive_failures = 0, times_opened = 0, open_until = null
        where subscriber_id = $1 and (consecutive_failures > 0 or open_until is not null))
      select count(*) from settled`,
    values: [subscriberId, id, lease, status],
  });
  return rows[0]?.count === 1n ? 'delivered' : 'leaseLost';
}

interface DeliveryRow {
  readonly attempts: number;
  readonly age_ms: number;
}

interface HealthRow {
  readonly consecutive_failures: number;
  readonly times_opened: number;
  readonly open: boolean;
}

async function settleFailed(
  pool: Pool,
  { subscriberId, id, lease, probe, productId, eventNr }: ClaimedDelivery,
  result: AttemptResult & { outcome: 'failed' },
  policy: DeliveryPolicy,
): Promise<Settled> {
  return await inTransaction(pool, async (tx) => {
    const { rows: health } = await tx.query<HealthRow>(
      `select consecutive_failures, times_opened, open_until is not null as open
       from pricing.subscriber_health where subscriber_id = $1 for update`,
      [subscriberId],
    );
    const { rows: deliveries } = await tx.query<DeliveryRow>(
      `select attempts, extract(epoch from now() - since)::float8 * 1000 as age_ms from pricing.deliveries
       where subscriber_id = $1 and event_id = $2 and lease = $3 for update`,
      [subscriberId, id, lease],
    );
    const [subscriber] = health;
    const [row] = deliveries;
    if (subscriber === undefined || row === undefined) return 'leaseLost';

    const failures = subscriber.consecutive_failures + 1;
    // What was under way when the breaker opened fails too, and tells nothing new.
    const opens = probe || (failures >= policy.breakerThreshold && !subscriber.open);
    const timesOpened = subscriber.times_opened + (opens ? 1 : 0);
    await tx.query(
      `update pricing.subscriber_health set consecutive_failures = $2, times_opened = $3,
         open_until = case when $4::float8 is null then open_until else now() + $4 * interval '1 ms' end,
         rest_until = greatest(rest_until, now() + $5::float8 * interval '1 ms')
       where subscriber_id = $1`,
      [
        subscriberId,
        failures,
        timesOpened,
        opens ? breakerDelayMs(timesOpened, Math.random(), policy) : null,
        restMs(result.retryAfterMs, policy),
      ],
    );

    const attempts = row.attempts + 1;
    const next = afterFailure(
      { attempts, ageMs: row.age_ms, retryAfterMs: result.retryAfterMs, random: Math.random() },
      policy,
    );
    await tx.query(
      `update pricing.deliveries set state = $4, attempts = $5, lease = null, leased_until = null,
         last_attempt_at = now(), last_status = $6, last_error = $7,
         settled_at = case when $4 = 'failed' then now() end
       where subscriber_id = $1 and event_id = $2 and lease = $3`,
      [subscriberId, id, lease, next.state, attempts, result.status, result.error.slice(0, 500)],
    );
    // The product's later events wait as long: looking at them earlier would be in vain.
    await tx.query(
      `update pricing.deliveries set next_attempt_at = case when $4::float8 is null
         then 'infinity' else now() + $4 * interval '1 ms' end
       where subscriber_id = $1 and product_id = $2 and event_nr >= $3 and state = 'waiting'`,
      [subscriberId, productId, eventNr, next.state === 'waiting' ? next.delayMs : null],
    );
    if (next.state === 'failed') return 'failed';
    if (result.status !== HTTP_GONE) return 'retry';
    await tx.query(
      'update pricing.subscribers set enabled = false, gone_at = now() where id = $1 and enabled',
      [subscriberId],
    );
    return 'gone';
  });
}

/** Gives a delivery back that was not attempted to its end, without counting the attempt. */
export async function release(
  pool: Pool,
  { subscriberId, id, lease, probe }: ClaimedDelivery,
): Promise<void> {
  await pool.query(
    `update pricing.deliveries set lease = null, leased_until = null
     where subscriber_id = $1 and event_id = $2 and lease = $3`,
    [subscriberId, id, lease],
  );
  if (probe) {
    await pool.query(
      'update pricing.subscriber_health set open_until = now() where subscriber_id = $1',
      [subscriberId],
    );
  }
}
