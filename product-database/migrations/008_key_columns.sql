-- The columns of a key are those of its constraint: its index may hold further ones (INCLUDE), of any type and with nulls.
-- ordered: whether the operators < and > of the type go by the order of its indexes; those of an hstore are named #<# and #>#.
drop function if exists shelfcast.published_columns;
create function shelfcast.published_columns(publication name, relation regclass)
returns table (name text, type_oid oid, type text, type_name text, type_schema text, key_position integer,
               ordered boolean)
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
         t.typnamespace::regnamespace::text, array_position(k.conkey, b.attnum),
         not exists (
           select from pg_opclass c
           join pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
           join pg_amop o on o.amopfamily = c.opcfamily and o.amoplefttype = c.opcintype
             and o.amoprighttype = c.opcintype and o.amopstrategy = 5
           join pg_operator g on g.oid = o.amopopr
           where c.opcdefault and c.opcintype = b.typid and g.oprname <> '>')
  from base b
  join pg_type t on t.oid = b.typid and t.typtype <> 'd'
  left join pg_constraint k on k.conrelid = relation and k.contype = 'p'
  order by b.attnum
$$;
