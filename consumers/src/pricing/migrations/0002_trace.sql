-- Up Migration

-- Trace that the manual event behind a price change came with; of other changes it follows from `cause_id`.
alter table pricing.price_changes add column trace_id text;
