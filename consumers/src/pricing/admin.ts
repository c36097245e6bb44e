import { randomBytes } from 'node:crypto';
import { webhookUrl } from '@shelfcast/service-kit/webhooks/webhook-url';
import type { Pool } from 'pg';

export interface NewSubscriber {
  readonly url: string;
  /** `whsec_…`; made when absent. */
  readonly secret?: string;
  readonly category?: string;
  readonly brand?: string;
  readonly productIds?: readonly string[] | undefined;
  /** Decimal text: `0.05` is 5 %. */
  readonly minRelativeChange?: string | undefined;
  readonly ratePerSecond?: number | undefined;
}

/**
 * Adds a subscriber; it hears of what is decided from now on.
 * @returns its id and its secret, which is shown nowhere else
 * @throws Error when the URL or the secret cannot be used
 */
export async function addSubscriber(
  pool: Pool,
  given: NewSubscriber,
): Promise<{ id: string; secret: string }> {
  const url = webhookUrl(given.url).href;
  const secret = given.secret ?? `whsec_${randomBytes(32).toString('base64')}`;
  checkSecret(secret);
  const { rows } = await pool.query<{ id: string }>(
    `insert into pricing.subscribers (url, secret, category, brand, product_ids, min_relative_change, rate_per_second)
     values ($1, $2, $3, $4, $5, coalesce($6::numeric, 0), coalesce($7::int, 50)) returning id`,
    [
      url,
      secret,
      given.category,
      given.brand,
      given.productIds,
      given.minRelativeChange,
      given.ratePerSecond,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('unreachable: an insert returns its row');
  return { id: row.id, secret };
}

/** The specification asks for 24 to 64 bytes. */
function checkSecret(secret: string): void {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const length = Buffer.from(base64 ?? '', 'base64').length;
  if (length < 24 || length > 64) {
    throw new Error('a secret is whsec_ and 24 to 64 bytes in base64');
  }
}

/** @returns false when there is no such subscriber; its deliveries go with it, the ledger of price changes stays */
export async function removeSubscriber(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query('delete from pricing.subscribers where id = $1', [id]);
  return rowCount === 1;
}

export async function isSubscriber(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query('select from pricing.subscribers where id = $1', [id]);
  return rowCount === 1;
}

/** What waits is tried at once. @returns false when there is no such subscriber */
export async function enableSubscriber(pool: Pool, id: string): Promise<boolean> {
  const { rows } = await pool.query(
    `with enabled as (
       update pricing.subscribers set enabled = true, gone_at = null where id = $1 returning id),
     healthy as (
       update pricing.subscriber_health set open_until = null, rest_until = null
       where subscriber_id in (select id from enabled)),
     due as (
       update pricing.deliveries set next_attempt_at = now()
       where subscriber_id in (select id from enabled) and state = 'waiting' and next_attempt_at between now() and 'infinity')
     select id from enabled`,
    [id],
  );
  return rows.length === 1;
}

/** What waits stays. @returns false when there is no such subscriber */
export async function disableSubscriber(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    'update pricing.subscribers set enabled = false where id = $1',
    [id],
  );
  return rowCount === 1;
}

export interface ListedSubscriber {
  readonly id: string;
  readonly url: string;
  readonly filter: string;
  readonly state: string;
  readonly waiting: bigint;
  readonly failed: bigint;
  readonly delivered: bigint;
}

export async function listSubscribers(pool: Pool): Promise<ListedSubscriber[]> {
  const { rows } = await pool.query<ListedSubscriber>(
    `select s.id, s.url,
       concat_ws(', ', 'category ' || s.category, 'brand ' || s.brand,
         'products ' || array_to_string(s.product_ids, ' '),
         case when s.min_relative_change > 0 then 'change ≥ ' || s.min_relative_change end) as filter,
       case when s.gone_at is not null then 'disabled: it answered 410 Gone' when not s.enabled then 'disabled'
         when h.rest_until > now() then 'asked to be left alone until ' || to_char(h.rest_until, 'HH24:MI:SS') when h.open_until > now() then 'left in peace until ' || to_char(h.open_until, 'HH24:MI:SS')
         when h.open_until is not null then 'to be probed' else 'healthy' end as state,
       count(*) filter (where d.state = 'waiting') as waiting, count(*) filter (where d.state = 'failed') as failed,
       count(*) filter (where d.state = 'delivered') as delivered
     from pricing.subscribers s join pricing.subscriber_health h on h.subscriber_id = s.id
     left join pricing.deliveries d on d.subscriber_id = s.id
     group by s.id, h.subscriber_id order by s.created_at, s.id`,
  );
  return rows;
}

/** A subscriber that gets nothing until people act: its receiver is gone, or deliveries were given up. */
export interface FailingSubscriber {
  readonly id: string;
  /** Whether it was disabled because its receiver answered 410 Gone. */
  readonly gone: boolean;
  /** Deliveries that were given up. */
  readonly failed: number;
}

/** @returns none where there are no webhooks yet */
export async function failingSubscribers(pool: Pool): Promise<FailingSubscriber[]> {
  const known = await pool.query(`select to_regclass('pricing.subscribers') as name`);
  if (known.rows[0]?.name === null) return [];
  const { rows } = await pool.query<FailingSubscriber>(
    `select s.id, s.gone_at is not null as gone, count(d.event_id)::int as failed
     from pricing.subscribers s
     left join pricing.deliveries d on d.subscriber_id = s.id and d.state = 'failed'
     group by s.id having s.gone_at is not null or count(d.event_id) > 0
     order by s.created_at, s.id`,
  );
  return rows;
}

export interface ListedDelivery {
  readonly eventId: string;
  readonly subscriberId: string;
  readonly productId: string;
  readonly price: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly nextAttemptAt: string | null;
}

/** The newest deliveries: of one subscriber, or of all. */
export async function listDeliveries(
  pool: Pool,
  given: { readonly subscriberId: string | undefined; readonly limit: number },
): Promise<ListedDelivery[]> {
  const { rows } = await pool.query<ListedDelivery>(
    `select d.event_id as "eventId", d.subscriber_id as "subscriberId", d.product_id as "productId",
       concat(coalesce(c.old_amount::text, '–'), ' → ', coalesce(c.new_amount::text, '–'), ' ',
         coalesce(c.new_currency, c.old_currency)) as price,
       d.state, d.attempts, d.last_status as "lastStatus", d.last_error as "lastError",
       case when d.state = 'waiting' then date_trunc('second', d.next_attempt_at)::text end as "nextAttemptAt"
     from pricing.deliveries d join pricing.price_changes c on c.id = d.event_id
     where $1::text is null or d.subscriber_id = $1 order by d.event_nr desc limit $2`,
    [given.subscriberId, given.limit],
  );
  return rows;
}

/** Which deliveries a command is about. */
export interface DeliverySelection {
  readonly subscriberId: string;
  /** One event; else all that were given up. */
  readonly eventId: string | undefined;
}

/**
 * Sends again all deliveries that were given up, or one event in any state. Retrying starts over.
 * @returns how many deliveries
 */
export async function redeliver(pool: Pool, selection: DeliverySelection): Promise<number> {
  return await reopen(
    pool,
    selection,
    `state = 'waiting', since = now(), attempts = 0, next_attempt_at = now(), settled_at = null`,
  );
}

/**
 * Gives up for good, so that the later events of the product can go.
 * @returns how many deliveries
 */
export async function discard(pool: Pool, selection: DeliverySelection): Promise<number> {
  return await reopen(pool, selection, `state = 'discarded', settled_at = now()`, [
    'waiting',
    'failed',
  ]);
}

/** Changes deliveries that no process is sending, and makes those that waited behind them due. */
async function reopen(
  pool: Pool,
  { subscriberId, eventId }: DeliverySelection,
  assignments: string,
  states: readonly string[] = ['waiting', 'delivered', 'failed', 'discarded'],
): Promise<number> {
  const { rows } = await pool.query<{ count: bigint }>(
    `with chosen as (
       update pricing.deliveries set ${assignments}, lease = null, leased_until = null
       where subscriber_id = $1 and (leased_until is null or leased_until <= now())
         and case when $2::uuid is null then state = 'failed' else event_id = $2 and state = any ($3) end
       returning event_id, product_id),
     behind as (
       update pricing.deliveries set next_attempt_at = now()
       where subscriber_id = $1 and state = 'waiting' and product_id in (select product_id from chosen)
         and event_id not in (select event_id from chosen))
     select count(*) from chosen`,
    [subscriberId, eventId, states],
  );
  return Number(rows[0]?.count ?? 0n);
}
