-- Up Migration

-- What was kept before services shared one audit (service-kit/src/audit).
insert into audit_deeds (id, begun_at, who, action, target, request)
  select id, begun_at, who, action, target, request::text::json from audit;
insert into audit_outcomes (id, ended_at, outcome, result)
  select id, coalesce(ended_at, begun_at), outcome, result::text::json from audit where outcome <> 'begun';
select setval(pg_get_serial_sequence('audit_deeds', 'id'), max(id)) from audit having max(id) is not null;
drop table audit;
drop function audit_stays();
