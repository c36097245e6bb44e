-- Up Migration

-- What the effective price is computed from, and what was computed last. As in the catalogue, every column but
-- the key may be null: this must not be stricter than what it mirrors.
create table pricing.products (
  product_id text primary key,
  category   text,
  brand      text,
  price      numeric,
  currency   text,
  -- capture generation in which the product was first seen; 0: by a manual event
  first_epoch bigint not null,
  effective_price             numeric,
  effective_price_discount_id text,
  -- when the clock alone changes the price next; null: never
  effective_price_until       timestamptz,
  -- the moment the effective price is that of
  priced_at                   timestamptz not null
) with (fillfactor = 70);

create table pricing.product_discounts (
  discount_id         text primary key,
  product_id          text not null,
  discount_percentage numeric,
  start_date          timestamptz,
  end_date            timestamptz,
  minimum_quantity    bigint,
  maximum_discount    numeric
) with (fillfactor = 70);
create index product_discounts_product on pricing.product_discounts (product_id);

-- Append-only: every change of an effective price. `nr` is the order within a product, because whoever writes
-- here holds the product's price lock until commit.
create table pricing.price_changes (
  nr           bigint generated always as identity,
  id           uuid primary key,
  product_id   text not null,
  category     text,
  brand        text,
  old_amount   numeric,
  old_currency text,
  new_amount   numeric,
  new_currency text,
  discount_id  text,
  cause        text not null check (cause in ('change', 'clock', 'truncate')),
  -- id of the change; of the clock the moment, of a truncate its position and the row it removed
  cause_id     text not null,
  occurred_at  timestamptz not null,
  decided_at   timestamptz not null,
  -- a snapshot met the product or discount for the first time, or a rebuild: nobody was told
  suppressed   boolean not null
);
create index price_changes_product on pricing.price_changes (product_id, nr);

create table pricing.subscribers (
  id                 text primary key default 'sub_' || left(replace(gen_random_uuid()::text, '-', ''), 12),
  url                text not null,
  -- Standard Webhooks: 32 bytes, of which the database makes 30 at random
  secret             text not null default
    'whsec_' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'),
  -- null: any
  category           text,
  brand              text,
  product_ids        text[],
  -- |new - old| / old at least; 0.05 = 5 %
  min_relative_change numeric not null default 0 check (min_relative_change >= 0),
  enabled            boolean not null default true,
  rate_per_second    int not null default 50 check (rate_per_second > 0),
  created_at         timestamptz not null default now()
);

-- The circuit breaker and the rate limit of a subscriber, shared by all processes that deliver.
create table pricing.subscriber_health (
  subscriber_id        text primary key references pricing.subscribers on delete cascade,
  consecutive_failures int not null default 0,
  -- in a row, without a success between; the delay grows with it
  times_opened         int not null default 0,
  -- no attempt before; null: closed
  open_until           timestamptz,
  tokens               float8 not null default 1,
  tokens_at            timestamptz not null default now()
) with (fillfactor = 50);

create function pricing.add_subscriber_health() returns trigger language plpgsql as $$
begin
  insert into pricing.subscriber_health (subscriber_id) values (new.id);
  return null;
end $$;
create trigger subscriber_health after insert on pricing.subscribers
  for each row execute function pricing.add_subscriber_health();

-- One row per event and subscriber: what was tried, what came of it, when it is tried next.
create table pricing.deliveries (
  subscriber_id   text not null references pricing.subscribers on delete cascade,
  event_id        uuid not null references pricing.price_changes,
  event_nr        bigint not null,
  product_id      text not null,
  state           text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed', 'discarded')),
  attempts        int not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_attempt_at timestamptz,
  last_status     int,
  last_error      text,
  settled_at      timestamptz,
  -- when retrying began: the horizon is counted from here, and a redelivery sets it anew
  since           timestamptz not null default now(),
  -- the process that is sending it now, and until when nobody else may
  lease           uuid,
  leased_until    timestamptz,
  primary key (subscriber_id, event_id)
) with (fillfactor = 50);
create index deliveries_due on pricing.deliveries (subscriber_id, next_attempt_at) where state = 'waiting';
-- A delivery waits for the earlier ones of its product to be delivered or discarded.
create index deliveries_order on pricing.deliveries (subscriber_id, product_id, event_nr)
  where state in ('waiting', 'failed');
create index deliveries_event on pricing.deliveries (event_id);
