-- Up Migration

-- Of which alert a message tells: those of one alert are told in their order.
alter table alert_messages
  add column name text not null default '',
  add column subject text not null default '';
