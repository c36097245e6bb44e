-- Up Migration

-- Every change of a product's stock, for ever. The deltas of a product add up to its level in
-- inventory.stock, an unknown level (null) counting as 0.
create table inventory.stock_movements (
  -- derived from the change, so that a second entry for one change is impossible
  id             uuid primary key,
  -- order of entry; of one product also the order of its changes
  nr             bigint generated always as identity,
  product_id     text not null,
  kind           text not null check (kind in ('opening', 'change', 'closing')),
  delta          bigint not null,
  stock_quantity bigint, -- the level after the movement
  -- null for a truncate, which closes many products with one change
  change_id      text unique,
  origin         text not null check (origin in ('cdc', 'manual')),
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null default now()
);
create index stock_movements_product on inventory.stock_movements (product_id, nr);

create function inventory.refuse_edit() returns trigger language plpgsql as $$
begin
  raise exception 'inventory.stock_movements is a ledger: correct it by another movement';
end $$;
create trigger append_only before update or delete on inventory.stock_movements
  for each statement execute function inventory.refuse_edit();

-- The level of each product there is. `state` is what the last alert said, not what the level says:
-- a product that was low stays low until its stock reaches the back threshold.
create table inventory.stock (
  product_id     text primary key,
  stock_quantity bigint, -- null: the source does not say
  state          text not null check (state in ('ok', 'low', 'out')),
  changed_at     timestamptz not null
) with (fillfactor = 70);

-- The most specific one counts: of the product, of its category, the default. A change here takes
-- effect with the next change of a product's stock.
create table inventory.thresholds (
  scope text not null check (scope in ('default', 'category', 'product')),
  name  text not null, -- category or product_id; '' for the default
  low   bigint not null check (low >= 0),
  back  bigint not null,
  -- whether products that a snapshot shows for the first time are alerted of when they are low
  alert_first_read boolean not null default false,
  primary key (scope, name),
  check (back > low),
  check ((scope = 'default') = (name = ''))
);
insert into inventory.thresholds (scope, name, low, back) values ('default', '', 5, 10);
