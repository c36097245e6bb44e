-- Up Migration

-- What operators had done to topics and schemas. Written before it is done; `begun` for ever: the process ended in the
-- middle, and what came of it is not known.
create table producer.audit (
  id       bigint generated always as identity primary key,
  begun_at timestamptz not null default now(),
  -- name of the token, or issuer and subject of the JWT
  who      text not null,
  action   text not null,
  topic    text not null,
  -- json, which takes every character that a request can hold: jsonb has no NUL and no half of a surrogate pair
  request  json not null,
  outcome  text not null default 'begun' check (outcome in ('begun', 'done', 'failed')),
  -- why it failed
  error    text,
  ended_at timestamptz
);

-- What was done stays as it was written; only the outcome of what is under way is filled in.
create function producer.audit_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.outcome = 'begun'
    and (new.id, new.begun_at, new.who, new.action, new.topic, new.request::text)
      is not distinct from (old.id, old.begun_at, old.who, old.action, old.topic, old.request::text) then
    return new;
  end if;
  raise exception 'the audit is not changed afterwards';
end $$;
create trigger audit_stays before update or delete on producer.audit
  for each row execute function producer.audit_stays();
create trigger audit_is_not_emptied before truncate on producer.audit
  for each statement execute function producer.audit_stays();
