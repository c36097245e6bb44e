-- Up Migration

-- Keys of any length, as the source has them: see the runtime's 0010_long_keys. What looks a row up by its id finds it
-- through the hash.
alter table products drop constraint products_pkey, alter column product_id set not null;
create unique index products_key on products (runtime.bounded(product_id));
create index products_by_id on products using hash (product_id);

alter table product_discounts drop constraint product_discounts_pkey, alter column discount_id set not null;
create unique index product_discounts_key on product_discounts (runtime.bounded(discount_id));
create index product_discounts_by_id on product_discounts using hash (discount_id);
drop index product_discounts_product;
create index product_discounts_product on product_discounts using hash (product_id);

alter table countries drop constraint countries_pkey, alter column country_id set not null;
create unique index countries_key on countries (runtime.bounded(country_id));
create index countries_by_id on countries using hash (country_id);
