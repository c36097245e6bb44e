-- Up Migration

-- The product's category, for the thresholds: an event that may change the stock alone does not name it.
alter table inventory.stock add column category text;
