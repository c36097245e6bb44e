-- Postgres looks for tables in a schema named like the role first. Where the owner's name is shelfcast too,
-- a table somebody creates in psql would land among our bookkeeping instead of in public.
do $$
begin
  execute format('alter database %I set search_path to public', current_database());
end
$$;
