-- Up Migration

-- What people had done through the monitor. Written before it is done, so that nothing is done that is not here;
-- `begun` for ever: the monitor ended in the middle, and nobody knows the outcome.
create table audit (
  id       bigint generated always as identity primary key,
  begun_at timestamptz not null default now(),
  -- Name of the token, or issuer and subject of the JWT.
  who      text not null,
  action   text not null,
  target   text not null,
  request  jsonb not null,
  outcome  text not null default 'begun' check (outcome in ('begun', 'done', 'failed')),
  -- What it came to, or why it failed.
  result   jsonb,
  ended_at timestamptz
);
