-- Up Migration

-- Which database this is: monitors that share the storing (MONITORING_GROUP) have to store into the same one, and see
-- by this whether they do.
create table store (
  only_one boolean primary key default true check (only_one),
  id       uuid not null default gen_random_uuid()
);
insert into store default values;
