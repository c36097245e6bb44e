-- NaN passes `>= 0`, is no amount, and has no exact form outside Postgres: the connector stops at it, for all tables.
alter table public.products
  add constraint products_price_is_a_number check (price <> 'NaN'),
  add constraint products_weight_is_a_number check (weight_kg <> 'NaN');
alter table public.product_discounts
  add constraint product_discounts_maximum_is_a_number check (maximum_discount <> 'NaN');
alter table public.countries
  add constraint countries_sales_is_a_number check (total_sales <> 'NaN');
