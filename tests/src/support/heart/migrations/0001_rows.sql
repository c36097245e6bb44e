-- Up Migration

create table heart.rows (
  key   text primary key,
  value int not null
);
