-- Up Migration

-- Read models that are built anew. Whoever wants one writes a row; the steps that are done are told by the columns that
-- are filled, so that any process can go on with the next.
create table runtime.rebuilds (
  id             bigint generated always as identity primary key,
  consumer       text not null,
  requested_by   text not null,
  requested_at   timestamptz not null default now(),
  -- keep the old generation as <consumer>_old until the next rebuild
  keep_old       boolean not null default false,
  -- where in each partition the new generation began: [{"topic": …, "partition": 0, "offset": "1"}]
  began_at       jsonb,
  -- end of the source's WAL when a snapshot of its tables had been asked for
  snapshot_lsn   numeric,
  -- ends of the partitions when the snapshot was complete, as began_at
  snapshot_ended jsonb,
  swapped_at     timestamptz,
  -- for how long the swap kept the live consumer waiting
  locked_ms      int,
  cancelled_by   text,
  state          text not null default 'waiting'
                 check (state in ('waiting', 'reading', 'swapped', 'done', 'failed', 'cancelled')),
  -- what it is doing, or why it cannot go on, in words
  progress       text not null default 'waits for a process that hosts the consumer',
  updated_at     timestamptz not null default now(),
  ended_at       timestamptz
);
create unique index rebuilds_open on runtime.rebuilds (consumer) where ended_at is null;
