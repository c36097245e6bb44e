import type pg from 'pg';
import { OperationError } from './connect-error.ts';
import type { AwaitedTopic } from './health/check-awaited-topics.ts';
import type { TableName } from './table-name.ts';

type Consumers = Pick<pg.Pool, 'query'>;

/** A read model that is being rebuilt (`catalogue@next`) is none that anybody uses. */
const IS_CONSUMER = "consumer not like '%@%'";

/** Whether a consumer ever ran on this database. */
async function hasRuntime(db: Consumers): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>(
    "select to_regclass('runtime.commands') is not null as there",
  );
  return rows[0]?.there === true;
}

/** Consumers that take an entity's changes, or did when they last ran. */
export async function readersOf(db: Consumers, entity: string): Promise<string[]> {
  if (!(await hasRuntime(db))) return [];
  const { rows } = await db.query<{ consumer: string }>(
    `select consumer from runtime.floors where entity = $1 and ${IS_CONSUMER} order by consumer`,
    [entity],
  );
  return rows.map(({ consumer }) => consumer);
}

/** Topics that consumers wait for now: their processes tell so every five seconds. */
export async function listAwaitedTopics(db: Consumers): Promise<AwaitedTopic[]> {
  const { rows: made } = await db.query<{ there: boolean }>(
    "select to_regclass('runtime.missing_topics') is not null as there",
  );
  if (made[0]?.there !== true) return [];
  const { rows } = await db.query<Omit<AwaitedTopic, 'of'> & TableName>(
    `select consumer, topic, table_schema as schema, table_name as "table" from runtime.missing_topics
     where told_at > now() - interval '20 seconds' and ${IS_CONSUMER} order by topic, consumer`,
  );
  return rows.map(({ consumer, topic, schema, table }) => ({
    consumer,
    topic,
    of: { schema, table },
  }));
}

/** @throws OperationError `CHANGES_PARKED`: a topic made again would have other records at their offsets */
export async function assertNothingParked(
  db: Consumers,
  { name, topic }: { readonly name: string; readonly topic: string },
): Promise<void> {
  if (!(await hasRuntime(db))) return;
  const { rows } = await db.query<{ consumer: string; changes: number }>(
    `select consumer, count(*)::int as changes from runtime.parked_changes
     where topic = $1 group by consumer order by consumer`,
    [topic],
  );
  if (rows.length === 0) return;
  const waiting = rows.map(({ consumer, changes }) => `${changes} of ${consumer}`).join(', ');
  throw new OperationError(
    'CHANGES_PARKED',
    `Changes of ${name} that could not be applied still wait (${waiting}), so its topic is not deleted: make dead-letters shows them, make redrive or make discard settles them. Nothing was changed.`,
  );
}

/** Sweeps that were asked for and are not done leave the entity out; those of nothing else are done with that. */
export async function withoutSweepOf(
  db: Consumers,
  { entity, topic }: { readonly entity: string; readonly topic: string },
): Promise<void> {
  if (!(await hasRuntime(db))) return;
  await db.query(
    `with less as (
       update runtime.commands set arguments = jsonb_build_object(
         'entities', (arguments -> 'entities') - $1::text,
         'watermarks', coalesce((select jsonb_agg(w) from jsonb_array_elements(arguments -> 'watermarks') as w
                                 where w ->> 'topic' <> $2), '[]')) || (arguments - array['entities', 'watermarks'])
       where kind = 'sweep' and state = 'pending' and arguments -> 'entities' ? $1
         and jsonb_array_length(arguments -> 'entities') > 1)
     update runtime.commands set state = 'done', done_at = now(), result = '{"matched": 0, "done": 0, "refused": []}'
     where kind = 'sweep' and state = 'pending' and arguments -> 'entities' = jsonb_build_array($1::text)`,
    [entity, topic],
  );
}

/** Where consumers stood in a topic that is deleted: one of the same name begins at offset 0. */
export async function forgetTopic(db: Consumers, topic: string): Promise<void> {
  if (!(await hasRuntime(db))) return;
  for (const table of ['batches', 'unfinished']) {
    await db.query(`delete from runtime.${table} where topic = $1`, [topic]);
  }
}
