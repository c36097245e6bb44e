-- What a table was when it was captured: its oid, key, columns, partitions and place in the publication. A table that was
-- dropped, made again, renamed, swapped or taken out of the publication for a while is found by comparing
-- (src/table-identity.ts). Null until the first look, which the migration takes right after this.
alter table shelfcast.captured_tables add column identity jsonb;
