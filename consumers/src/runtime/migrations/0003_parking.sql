-- Up Migration

-- A parked key has changes waiting in runtime.parked_changes, and every later change of it goes there too.
-- The flag stands on the guard because that row is what everybody who handles the key locks.
alter table runtime.guards add column parked boolean not null default false;

-- Why a key is parked, and when its oldest change is tried again. `retrying`: by itself, at next_attempt_at;
-- `dead`: only when somebody asks for it.
create table runtime.parked_keys (
  consumer        text not null,
  entity          text not null,
  key             text not null,
  state           text not null check (state in ('retrying', 'dead')),
  attempts        int not null,
  next_attempt_at timestamptz not null,
  redrives        int not null default 0,
  error_type      text not null,
  error_message   text not null,
  parked_at       timestamptz not null default now(),
  primary key (consumer, entity, key)
);
create index parked_keys_due on runtime.parked_keys (consumer, next_attempt_at) where state = 'retrying';

-- The records as they came, in the order in which they are to be applied.
create table runtime.parked_changes (
  id           bigint generated always as identity primary key,
  consumer     text not null,
  entity       text not null,
  key          text not null,
  -- null: the record could not be read
  change_id    text,
  topic        text not null,
  partition    int not null,
  "offset"     bigint not null,
  record_key   bytea,
  record_value bytea,
  -- name → list of base64 texts
  headers      jsonb not null,
  timestamp_ms bigint not null,
  -- columns of the row that replace those of the record when it is tried again
  edit         jsonb,
  parked_at    timestamptz not null default now(),
  unique (consumer, topic, partition, "offset")
);
create index parked_changes_queue on runtime.parked_changes (consumer, entity, key, id);

-- Events of others about what the database owns: they had no effect.
create table runtime.conflicts (
  consumer    text not null,
  change_id   text not null,
  entity      text not null,
  key         text not null,
  origin      text not null,
  -- the owner's position when the event came
  position    text collate "C" not null,
  columns     jsonb not null,
  occurred_at timestamptz not null,
  noted_at    timestamptz not null default now(),
  primary key (consumer, change_id)
);

-- What people, or the monitor, ask of a consumer. Whichever process hosts it answers.
create table runtime.commands (
  id           bigint generated always as identity primary key,
  consumer     text not null,
  kind         text not null check (kind in ('redrive', 'discard', 'pause', 'resume')),
  arguments    jsonb not null default '{}',
  requested_by text not null,
  requested_at timestamptz not null default now(),
  state        text not null default 'pending' check (state in ('pending', 'done', 'failed')),
  result       jsonb,
  done_at      timestamptz
);
create index commands_pending on runtime.commands (consumer, id) where state = 'pending';

-- Consumers that somebody has paused.
create table runtime.pauses (
  consumer  text primary key,
  reason    text not null,
  paused_by text not null,
  paused_at timestamptz not null default now()
);
