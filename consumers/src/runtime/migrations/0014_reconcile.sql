-- Up Migration

-- remove: delete rows that the source does not have.
alter table runtime.commands drop constraint commands_kind_check;
alter table runtime.commands add constraint commands_kind_check
  check (kind in ('redrive', 'discard', 'pause', 'resume', 'sweep', 'remove'));

-- Comparisons of read models with the source (make reconcile), the newest of each table.
create table runtime.reconciliations (
  id           bigint generated always as identity primary key,
  consumer     text not null,
  entity       text not null,
  requested_by text not null,
  started_at   timestamptz not null,
  ended_at     timestamptz not null default now(),
  source_rows  bigint not null,
  model_rows   bigint not null,
  in_flight    bigint not null,
  -- reason → keys
  differences  jsonb not null,
  -- keys that were read again or removed, and are equal now
  repaired     bigint not null default 0
);
create index reconciliations_newest on runtime.reconciliations (consumer, entity, id desc);
