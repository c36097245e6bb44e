-- Up Migration

-- One row per event that its sender named (Idempotency-Key, or a CloudEvent's source and id). The row is
-- there before the event is written to Kafka, so that whoever tries again uses the same event id.
create table producer.idempotency_keys (
  caller         text not null,
  key            text not null,
  -- place in a batch, from 0
  item           int not null,
  -- of what was asked: the same key with another content is refused
  fingerprint    bytea not null,
  event_id       text not null,
  accepted_at_us bigint not null,
  -- what was answered; null until event and report are durable
  receipt        jsonb,
  -- who is writing the event now, and until when that may take
  lease          uuid not null,
  leased_until   timestamptz not null,
  expires_at     timestamptz not null,
  primary key (caller, key, item)
);
create index idempotency_keys_expiry on producer.idempotency_keys (expires_at);
