-- Up Migration

-- What was kept before services shared one audit (service-kit/src/audit).
insert into producer.audit_deeds (id, begun_at, who, action, target, request)
  select id, begun_at, who, action, topic, request from producer.audit;
insert into producer.audit_outcomes (id, ended_at, outcome, result)
  select id, coalesce(ended_at, begun_at), outcome, case when error is not null then json_build_object('error', error) end
  from producer.audit where outcome <> 'begun';
select setval(pg_get_serial_sequence('producer.audit_deeds', 'id'), max(id)) from producer.audit having max(id) is not null;
drop table producer.audit;
drop function producer.audit_stays();
