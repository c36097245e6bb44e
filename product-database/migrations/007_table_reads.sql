-- What the key check and the connector's plugin need to know of a table: the columns that the stream carries, with their
-- base types (domains resolved) and their places in the primary key. Unpublished are virtual generated columns, and stored
-- ones where the publication or the server does not publish them.
create function shelfcast.published_columns(publication name, relation regclass)
returns table (name text, type_oid oid, type text, type_name text, type_schema text, key_position integer)
language sql stable
set search_path = pg_catalog
as $$
  with recursive
    published as (
      select to_jsonb(p) -> 'attnames' as names
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_publication_tables p
        on p.pubname = publication and p.schemaname = n.nspname and p.tablename = c.relname
      where c.oid = relation
    ),
    base as (
      select a.attnum, a.attname, a.atttypid as typid, a.atttypmod as typmod
      from pg_attribute a, published p
      where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
        -- Before PostgreSQL 15 the view does not list columns, and all but generated ones are published.
        and case when p.names is null then a.attgenerated = '' else p.names ? a.attname::text end
      union all
      select b.attnum, b.attname, t.typbasetype, t.typtypmod
      from base b join pg_type t on t.oid = b.typid
      where t.typtype = 'd'
    )
  select b.attname::text, b.typid, format_type(b.typid, b.typmod), t.typname::text,
         t.typnamespace::regnamespace::text, array_position(i.indkey::int2[], b.attnum) + 1
  from base b
  join pg_type t on t.oid = b.typid and t.typtype <> 'd'
  left join pg_index i on i.indrelid = relation and i.indisprimary
  order by b.attnum
$$;

comment on column shelfcast.captured_tables.backfill_requested_at is
  'when the snapshot was asked for that read the table whole, as the check of its keys found; null until then';

-- The newest reading of each table. signal_lsn lies at or below the place of the request in the WAL: what existed then and
-- was not seen at or above it is gone.
create table shelfcast.table_reads (
  table_schema text not null,
  table_name   text not null,
  signal_id    text not null,
  signal_lsn   pg_lsn not null,
  requested_at timestamptz not null default now(),
  status       text not null default 'reading',
  rows_read    bigint,
  keys_checked bigint,
  ended_at     timestamptz,
  primary key (table_schema, table_name)
);
