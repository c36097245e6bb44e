-- Up Migration

-- What was done stays as it was written: rows are not deleted, and only the outcome of one that is under way is filled in.
-- (The database's owner can take the trigger away; nothing that the monitor does can.)
create function audit_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.outcome = 'begun'
    and (new.id, new.begun_at, new.who, new.action, new.target, new.request)
      is not distinct from (old.id, old.begun_at, old.who, old.action, old.target, old.request) then
    return new;
  end if;
  raise exception 'the audit is not changed afterwards';
end $$;
create trigger audit_stays before update or delete on audit
  for each row execute function audit_stays();
create trigger audit_is_not_emptied before truncate on audit
  for each statement execute function audit_stays();
