-- The product information system's own tables. They stand for "any app's database": nothing in the
-- pipeline may assume more about them than what shelfcast.captured_tables says.

create table public.products (
  product_id     text primary key check (product_id <> ''),
  name           text not null,
  description    text,
  category       text,
  brand          text,
  price          numeric(12, 2) not null check (price >= 0),
  currency       char(3) not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
  stock_quantity integer not null default 0 check (stock_quantity >= 0),
  weight_kg      numeric(10, 3) check (weight_kg >= 0),
  dimensions     text,
  attributes     jsonb not null default '{}',
  updated_at     timestamptz not null default now()
);

-- Both cascades are what a shop's schema does: renaming a product renames it in its discounts, deleting
-- it deletes them, and each of those rows is a change of its own in the stream. Emptying products takes
-- `truncate products cascade` (or naming both tables); Postgres then reports one truncate per table.
create table public.product_discounts (
  discount_id         text primary key check (discount_id <> ''),
  product_id          text not null references public.products on update cascade on delete cascade,
  discount_type       text not null,
  discount_percentage numeric(5, 2) not null check (discount_percentage between 0 and 100),
  start_date          timestamptz,
  end_date            timestamptz,
  minimum_quantity    integer not null default 1 check (minimum_quantity >= 1),
  maximum_discount    numeric(12, 2) check (maximum_discount >= 0),
  constraint product_discounts_end_after_start check (end_date > start_date)
);
create index product_discounts_product_id on public.product_discounts (product_id);

create table public.countries (
  country_id    text primary key check (country_id <> ''),
  name          text not null,
  manager       text,
  product_count integer not null default 0 check (product_count >= 0),
  total_sales   numeric(14, 2) not null default 0 check (total_sales >= 0),
  last_updated  timestamptz not null default now()
);

-- Someone who edits a price in psql forgets updated_at; someone who sets it on purpose is left alone.
create function public.touch_updated_at() returns trigger language plpgsql as $$
begin
  if new.updated_at is not distinct from old.updated_at then
    new.updated_at := now();
  end if;
  return new;
end
$$;
create trigger products_touch_updated_at before update on public.products
  for each row execute function public.touch_updated_at();

-- FULL: deletes carry the routing column, updates carry the old values, TOASTed values are never missing.
alter table public.products replica identity full;
alter table public.product_discounts replica identity full;
alter table public.countries replica identity full;
