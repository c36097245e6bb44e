-- Up Migration

-- What the reports of one step have in common. Few, and looked up in memory: a report holds the number.
create table lanes (
  lane integer generated always as identity primary key,
  topic text not null,
  service text not null,
  stage text not null,
  unique (topic, service, stage)
);

-- One row per report, in the partition of the day at which its change was committed. That time is part of the change,
-- so a report that comes again comes to the same partition, where the primary key knows it.
create table reports (
  occurred_at timestamptz not null,
  at timestamptz not null,
  duration_us bigint,
  "offset" bigint,
  lane integer not null,
  partition integer,
  attempt integer not null,
  event_id text collate "C" not null,
  -- What tells the report from others of its event and lane: the end of its id.
  nth text collate "C" not null,
  key text collate "C",
  instance text not null,
  trace_id text,
  error_type text,
  error_message text,
  -- As it came: the text of a JSON object. Text takes what jsonb refuses (\u0000), and nothing here looks into it.
  details text,
  primary key (event_id, lane, nth, occurred_at)
) partition by range (occurred_at);

create index on reports (lane, occurred_at);
-- Of long keys the beginning: an entry of an index has to fit into a third of a page.
create index on reports (left(key, 128), occurred_at);

-- Changes committed on a day that has no partition: before all that is kept, or by a clock far off.
create table reports_elsewhen partition of reports default;

-- What was counted, in buckets of 10 s, a minute or an hour. A set without a key: rows of one bucket, service, stage
-- and kind add up, so writers never meet, and rolling up replaces many rows by their sum.
create table numbers (
  bucket timestamptz not null,
  step_seconds integer not null,
  -- Empty: the slowest service of each event.
  service text not null,
  stage text not null,
  kind text not null,
  count bigint not null,
  -- Commit to the end of the step in milliseconds, as a DDSketch of 1 % relative accuracy; null where it says nothing.
  latency bytea
);

create index on numbers (bucket, step_seconds);

-- Which services read which topic, as last seen in Kafka: what a timeline misses is judged by it.
create table expectations (
  topic text not null,
  service text not null,
  seen_at timestamptz not null,
  primary key (topic, service)
);
