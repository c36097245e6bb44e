-- Up Migration

-- The newest position applied per key. A guard outlives the row it guards, so that a late older
-- change cannot bring a deleted row back.
create table runtime.guards (
  consumer text not null,
  entity   text not null,
  key      text not null,
  position text collate "C" not null,
  primary key (consumer, entity, key)
) with (fillfactor = 80);

-- A truncate leaves a floor: nothing of that entity positioned at or before it has an effect.
create table runtime.floors (
  consumer text not null,
  entity   text not null,
  position text collate "C" not null,
  primary key (consumer, entity)
);

-- The last batch of each partition whose effects are durable. Its reports may not have been
-- acknowledged when the process died, so a redelivery repeats them: same outcome, same report ids.
create table runtime.batches (
  consumer        text not null,
  topic           text not null,
  partition       int not null,
  first_offset    bigint not null,
  next_offset     bigint not null,
  skipped_offsets bigint[] not null,
  primary key (consumer, topic, partition)
) with (fillfactor = 50);
