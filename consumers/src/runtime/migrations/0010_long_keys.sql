-- Up Migration

-- An entry of a btree holds some 2,700 bytes, and keys and ids have any length: what is unique is unique by this. A short
-- text stands for itself; a long one, and one that looks like what stands for a long one, is known by its digest.
-- Not strict, and of immutable parts only (convert_to is none), so that it costs no call.
create function runtime.bounded(value text) returns text language sql immutable parallel safe
return case when octet_length(value) <= 1000 and not starts_with(value, E'\x01') then value
  else E'\x01' || left(value, 100) || encode(sha256(decode(replace(value, '\', '\\'), 'escape')), 'hex') end;

-- By equality a value of any length is found through its hash.
alter table runtime.guards drop constraint guards_pkey;
create unique index guards_key on runtime.guards (consumer, entity, runtime.bounded(key));
create index guards_by_key on runtime.guards using hash (key);

alter table runtime.parked_keys drop constraint parked_keys_pkey;
create unique index parked_keys_key on runtime.parked_keys (consumer, entity, runtime.bounded(key));
create index parked_keys_by_key on runtime.parked_keys using hash (key);

drop index runtime.parked_changes_queue;
create index parked_changes_by_key on runtime.parked_changes using hash (key);

alter table runtime.shared_rows drop constraint shared_rows_pkey;
create unique index shared_rows_key on runtime.shared_rows (consumer, entity, runtime.bounded(key));
create index shared_rows_by_key on runtime.shared_rows using hash (key);

alter table runtime.conflicts drop constraint conflicts_pkey;
create unique index conflicts_change on runtime.conflicts (consumer, runtime.bounded(change_id));

alter table runtime.inbox drop constraint inbox_pkey;
create unique index inbox_event on runtime.inbox (consumer, topic, runtime.bounded(event_id));
