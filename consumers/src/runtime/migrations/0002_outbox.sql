-- Up Migration

-- Messages that consumers publish: written in the transaction of the effect that causes them, sent by
-- the relay afterwards, deleted once acknowledged. Ids of one key rise in the order of their
-- transactions, because whoever writes for a key holds that key's lock.
create table runtime.outbox (
  id         bigint generated always as identity primary key,
  consumer   text not null,
  topic      text not null,
  key        bytea,
  value      bytea,
  -- Text as it is, bytes as {"base64": "…"}.
  headers    jsonb not null default '{}',
  -- held: its topic takes nothing for now, tried again by itself. refused: this record will never be
  -- taken as it is; somebody has to look (and set it to waiting again, or delete it).
  state      text not null default 'waiting' check (state in ('waiting', 'held', 'refused')),
  error      text,
  created_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

alter table runtime.outbox alter column value set storage external;
create index outbox_waiting on runtime.outbox (id) where state = 'waiting';
create index outbox_set_aside on runtime.outbox (state, topic, id) where state <> 'waiting';
