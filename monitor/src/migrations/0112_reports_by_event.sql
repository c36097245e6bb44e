-- Up Migration

-- A report is looked for by its event and the time of the commit. With other columns between the two, Postgres took the
-- index of the lanes, and read all that was committed at that time: of one large transaction, everything for each event.
alter table reports drop constraint reports_pkey,
  add primary key (event_id, occurred_at, lane, nth);
