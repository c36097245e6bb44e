-- Up Migration

-- What is not well, and what was lately. All monitor processes show it; one of them writes it.
create table alerts (
  name        text not null,
  subject     text not null,
  severity    text not null check (severity in ('warning', 'critical')),
  state       text not null check (state in ('firing', 'resolved')),
  says        text not null,
  mend        text,
  since       timestamptz not null,
  resolved_at timestamptz,
  primary key (name, subject)
);

-- What the webhook is told, written together with the change it tells of.
create table alert_messages (
  id              uuid primary key default gen_random_uuid(),
  created_at      timestamptz not null default now(),
  body            text not null,
  attempts        int not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- Delivered, or given up.
  ended_at        timestamptz,
  error           text
);
create index alert_messages_due on alert_messages (next_attempt_at) where ended_at is null;
