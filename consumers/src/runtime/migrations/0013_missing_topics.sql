-- Up Migration

-- Topics of tables that consumers wait for, as their processes tell every few seconds; what was told long ago does not count.
create table runtime.missing_topics (
  consumer     text        not null,
  topic        text        not null,
  -- The table whose changes it would have.
  table_schema text        not null,
  table_name   text        not null,
  told_at      timestamptz not null default now(),
  primary key (consumer, topic)
);
