-- The role that owns everything, and its databases; the same as local/src/components/databases.ts makes.
-- Run by psql as superuser at every `make up`, so that a later version can add one. Idempotent.
-- Saying again what holds already is no news.
set client_min_messages = warning;
\getenv owner DATABASE_USER
\getenv password DATABASE_PASSWORD

select format('create role %I', :'owner')
where not exists (select from pg_roles where rolname = :'owner') \gexec

-- No superuser: it may create databases and roles, and holds REPLICATION because only who has that may give it on.
select format('alter role %I login createdb createrole replication bypassrls password %L', :'owner', :'password') \gexec
-- To watch slots and sessions, and to end the session that holds a slot it drops.
grant pg_monitor, pg_signal_backend to :"owner";

select format('create database %I owner %I', name, :'owner')
from unnest(array['products', 'consumers', 'monitoring', 'producer', 'registry']) as name
where not exists (select from pg_database where datname = name) \gexec
