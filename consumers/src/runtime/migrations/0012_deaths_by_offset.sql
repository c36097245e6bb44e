-- Up Migration

-- How often each record was begun by itself without an end, by its offset: a record that is handled again before the
-- one that ends its processes must not take that one's place in the count.
alter table runtime.unfinished add column deaths jsonb not null default '{}';
update runtime.unfinished set deaths = jsonb_build_object(alone::text, alone_times) where alone is not null;
alter table runtime.unfinished drop column alone, drop column alone_times;
