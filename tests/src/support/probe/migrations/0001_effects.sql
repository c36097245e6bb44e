-- Up Migration

-- Every effect, in the order in which they were committed per key; nothing here is unique, so that a second effect shows.
create table public.effects (
  id      bigint generated always as identity primary key,
  key     text not null,
  version int not null,
  note    text,
  at      timestamptz not null default clock_timestamp()
);
create index effects_key on public.effects (key);

-- What goes wrong with which key; '*' is all of them.
create table public.faults (
  key  text primary key,
  kind text not null check (kind in ('fails', 'hangs', 'blocks'))
);
