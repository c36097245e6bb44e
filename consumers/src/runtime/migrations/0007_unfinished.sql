-- Up Migration

-- Work that was begun and has not ended: in hand just now, or its process died of it or beside it. What is begun
-- again and again without an end is set aside (see unfinished.ts).
create table runtime.unfinished (
  consumer    text not null,
  topic       text not null,
  partition   int not null,
  -- the first record of the partition without a durable effect
  "offset"    bigint not null,
  times       int not null,
  -- the record that is handled by itself, and how often that was begun
  alone       bigint,
  alone_times int not null default 0,
  primary key (consumer, topic, partition)
);

-- Attempts at the oldest change of the key that were begun without an end.
alter table runtime.parked_keys add column unfinished int not null default 0;
