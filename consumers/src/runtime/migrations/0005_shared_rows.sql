-- Up Migration

-- What was accepted last of the fields that several origins may change (SHARED_FIELDS), per key. The guard of
-- the key is the lock of its row here, too.
create table runtime.shared_rows (
  consumer text not null,
  entity   text not null,
  key      text not null,
  -- whether the database's last word on the key was a row, not its delete
  present  boolean not null,
  -- field → {origin, acceptedAtUs, position, value where the database did not set it}
  fields   jsonb not null,
  primary key (consumer, entity, key)
) with (fillfactor = 80);
