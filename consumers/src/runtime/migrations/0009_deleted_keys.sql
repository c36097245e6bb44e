-- Up Migration

-- Whether the newest applied change of the key deleted it. A sweep asks for keys that are there.
alter table runtime.guards add column deleted boolean not null default false;
-- What earlier sweeps deleted stands at the lowest position of its epoch.
update runtime.guards set deleted = true where position like '%-0000000000000000-0000000000000000-0';
