-- Up Migration

-- A tsvector holds at most a megabyte, and the texts of the source may be longer: what is searched of each is bounded.
create or replace function search_document(name text, brand text, category text, description text)
returns tsvector language sql immutable parallel safe
begin atomic
  select setweight(to_tsvector('simple', left(coalesce(name, ''), 20000)), 'A') ||
    setweight(
      to_tsvector('simple',
        left(coalesce(brand, ''), 5000) || ' ' || left(coalesce(category, ''), 5000)), 'B') ||
    setweight(to_tsvector('english', left(coalesce(description, ''), 100000)), 'C');
end;
reindex index products_search;
