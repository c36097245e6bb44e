-- Up Migration

-- Keys of any length, as the source has them: see the runtime's 0010_long_keys.
alter table inventory.stock drop constraint stock_pkey, alter column product_id set not null;
create unique index stock_key on inventory.stock (runtime.bounded(product_id));
create index stock_by_id on inventory.stock using hash (product_id);

drop index inventory.stock_movements_product;
create index stock_movements_product on inventory.stock_movements using hash (product_id);
alter table inventory.stock_movements drop constraint stock_movements_change_id_key;
create unique index stock_movements_change on inventory.stock_movements (runtime.bounded(change_id));
