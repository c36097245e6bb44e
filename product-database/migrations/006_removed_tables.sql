-- Tables that were taken out of the capture (make connector-remove-table, or the monitor's guard): which column routed
-- their changes, since their topics stay, and why they went.
create table shelfcast.removed_tables (
  table_schema      text not null,
  table_name        text not null,
  routing_column    text not null,
  removed_at        timestamptz not null default now(),
  -- `guard`, or who asked for it
  removed_by        text not null,
  -- of the guard: what stopped the connector
  reason            text,
  topic_deleted     boolean not null default false,
  -- false: begun, and perhaps interrupted
  finished          boolean not null default false,
  -- null: still out
  captured_again_at timestamptz,
  primary key (table_schema, table_name)
);
