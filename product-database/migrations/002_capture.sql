-- What Debezium needs beside the business tables. The debezium role and its grants are not here: a role
-- belongs to the cluster, not to this database, and its password may change (see src/debezium-role.ts).

-- The one truth of what is captured. routing_column decides the Kafka partition, so rows of several
-- tables that share its value (a product and its discounts) keep their order. A table whose
-- backfill_requested_at is null still waits for its first incremental snapshot.
create table shelfcast.captured_tables (
  table_schema          text not null,
  table_name            text not null,
  routing_column        text not null,
  added_at              timestamptz not null default now(),
  backfill_requested_at timestamptz,
  primary key (table_schema, table_name)
);
-- The connector's initial snapshot covers these, so none of them waits for a backfill.
insert into shelfcast.captured_tables (table_schema, table_name, routing_column, backfill_requested_at) values
  ('public', 'products', 'product_id', now()),
  ('public', 'product_discounts', 'product_id', now()),
  ('public', 'countries', 'country_id', now());

-- Written by the connector while nothing else happens, so that its slot moves on and WAL can be freed.
create table shelfcast.heartbeat (
  id      integer primary key default 1 check (id = 1),
  beat_at timestamptz not null default now()
);
insert into shelfcast.heartbeat default values;

-- Debezium reads commands from here and marks snapshot windows in it. It expects exactly these columns.
-- FULL because the end of a window is a delete, which has to carry the row.
create table shelfcast.signal (
  id   text primary key,
  type text not null,
  data text
);
alter table shelfcast.signal replica identity full;

-- PostgreSQL 18 refuses updates of a table with REPLICA IDENTITY FULL whose stored generated column is
-- not published: publish them.
do $$
begin
  execute 'create publication shelfcast for table
             public.products, public.product_discounts, public.countries,
             shelfcast.signal, shelfcast.heartbeat
           with (publish = ''insert, update, delete, truncate'''
    || case when current_setting('server_version_num')::int >= 180000
         then ', publish_generated_columns = stored' else '' end
    || ')';
end
$$;
