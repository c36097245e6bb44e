-- Up Migration

-- Names have no schema: each generation of the read model is made in one of its own (see docs/operations.md, Rebuilding).

-- Every column but the key may be null, and integers are bigint: the source's schema can change
-- under a running pipeline, and a read model must not be stricter than what it mirrors.
-- `other_columns` holds columns the source has and this model does not know (yet): name → value.
create table products (
  product_id     text primary key,
  name           text,
  description    text,
  category       text,
  brand          text,
  price          numeric,
  currency       text,
  stock_quantity bigint,
  weight_kg      numeric,
  dimensions     text,
  attributes     jsonb,
  updated_at     timestamptz,
  other_columns  jsonb not null default '{}',
  effective_price             numeric,
  effective_price_discount_id text,
  -- when the clock alone changes the price next; null: never
  effective_price_until       timestamptz
) with (fillfactor = 70);

-- Weights: a match in the name ranks above one in the brand or category, the description last.
-- The bodies of functions are bound when they are made, so they go where their schema goes.
create function search_document(name text, brand text, category text, description text)
returns tsvector language sql immutable parallel safe
begin atomic
  select setweight(to_tsvector('simple', coalesce(name, '')), 'A') ||
    setweight(to_tsvector('simple', coalesce(brand, '') || ' ' || coalesce(category, '')), 'B') ||
    setweight(to_tsvector('english', left(coalesce(description, ''), 100000)), 'C');
end;
-- An index on the expression instead of a stored column: a change of price or stock then neither parses
-- the texts again nor touches the index, and the free space of a page lets it stay where the row is.
create index products_search on products
  using gin (search_document(name, brand, category, description));

create table product_discounts (
  discount_id         text primary key,
  product_id          text,
  discount_type       text,
  discount_percentage numeric,
  start_date          timestamptz,
  end_date            timestamptz,
  minimum_quantity    bigint,
  maximum_discount    numeric,
  other_columns       jsonb not null default '{}'
);
create index product_discounts_product on product_discounts (product_id);

create table countries (
  country_id    text primary key,
  name          text,
  manager       text,
  product_count bigint,
  total_sales   numeric,
  last_updated  timestamptz,
  other_columns jsonb not null default '{}'
);

-- select * from catalogue.search('walnut desk')
create function search(query text, max_rows int default 20)
returns table (product_id text, name text, brand text, effective_price numeric, currency text, rank real)
language sql stable
begin atomic
  select p.product_id, p.name, p.brand, p.effective_price, p.currency,
         ts_rank(search_document(p.name, p.brand, p.category, p.description), q.any_of) as rank
  from products p,
       (select websearch_to_tsquery('simple', query) || websearch_to_tsquery('english', query)) as q(any_of)
  where search_document(p.name, p.brand, p.category, p.description) @@ q.any_of
  order by rank desc, p.product_id
  limit max_rows;
end;
