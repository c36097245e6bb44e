-- Up Migration

-- Events of others that were handled, by the id their publisher gave them: a publisher that was not sure sends an event
-- again, under the same id, and by then another may have come in between. (The database's changes need none of this:
-- their position says it.)
create table runtime.inbox (
  consumer   text not null,
  topic      text not null,
  event_id   text not null,
  partition  int not null,
  "offset"   bigint not null,
  handled_at timestamptz not null default now(),
  primary key (consumer, topic, event_id)
);
create index inbox_handled on runtime.inbox (consumer, handled_at);
