-- Up Migration

-- No attempt before: the receiver asked for that (Retry-After), whichever delivery it answered.
alter table pricing.subscriber_health add column rest_until timestamptz;

-- When its receiver answered 410 Gone, which disabled the subscriber; null: it did not, or was enabled since.
alter table pricing.subscribers add column gone_at timestamptz;
