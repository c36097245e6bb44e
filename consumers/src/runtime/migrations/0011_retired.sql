-- Up Migration

-- Consumers that nobody is to miss any more (make consumer-retire). One that runs again is in here no longer.
create table runtime.retired (
  consumer   text primary key,
  retired_by text not null,
  retired_at timestamptz not null default now()
);
