-- Up Migration

-- Keys of any length, as the source has them: see the runtime's 0010_long_keys.
alter table pricing.products drop constraint products_pkey, alter column product_id set not null;
create unique index products_key on pricing.products (runtime.bounded(product_id));
create index products_by_id on pricing.products using hash (product_id);

alter table pricing.product_discounts
  drop constraint product_discounts_pkey, alter column discount_id set not null;
create unique index product_discounts_key on pricing.product_discounts (runtime.bounded(discount_id));
create index product_discounts_by_id on pricing.product_discounts using hash (discount_id);
drop index pricing.product_discounts_product;
create index product_discounts_product on pricing.product_discounts using hash (product_id);

drop index pricing.price_changes_product;
create index price_changes_product on pricing.price_changes using hash (product_id);

drop index pricing.deliveries_order;
create index deliveries_order on pricing.deliveries (subscriber_id, runtime.bounded(product_id), event_nr)
  where state in ('waiting', 'failed');
