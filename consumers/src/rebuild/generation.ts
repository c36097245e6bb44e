import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/postgres/migrations';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Pool } from 'pg';
import { capturedEntities } from '../runtime/contract/captured-entity.ts';
import type { ApplyContext, Consumer } from '../runtime/contract/definition.ts';

/** Where the parts of a generation that is being built are. */
export interface Generation {
  /** Name of the consumer whose read model it is, and of the schema in use. */
  readonly live: string;
  /** Schema in which it is built. */
  readonly schema: string;
  /** Schema to which the replaced generation goes. */
  readonly oldSchema: string;
  /** The consumer that builds it, as the runtime's tables know it. */
  readonly consumer: string;
}

export function generationOf(live: string): Generation {
  return { live, schema: `${live}_next`, oldSchema: `${live}_old`, consumer: `${live}@next` };
}

export function groupOf({ live }: Generation, rebuildId: string): string {
  return `${live}.rebuild.${rebuildId}`;
}

/** CDC topics of the consumer's tables. */
export function topicsOf(definition: Pick<Consumer, 'tables'>, topicPrefix: string): string[] {
  return capturedEntities(definition, topicPrefix).map(({ topic }) => topic);
}

/**
 * The consumer that builds the generation: the same decisions and the same SQL, without side effects. Manual events
 * are not replayed: keys of the database are not theirs to change, and their own keys are taken over at the end.
 */
export function builderOf(definition: Consumer, generation: Generation): Consumer {
  const quiet = (context: ApplyContext): ApplyContext => ({
    ...context,
    schema: generation.schema,
    suppressSideEffects: true,
    publish: () => {},
    publishEvent: () => {},
  });
  const { ahead: _ahead, ...others } = definition;
  return {
    ...others,
    name: generation.consumer,
    events: [],
    apply: (effects, context) => definition.apply(effects, quiet(context)),
    truncate: (entity, floor, context) => definition.truncate(entity, floor, quiet(context)),
  };
}

/** Makes the schema, or completes it. */
export async function migrateGeneration(
  url: string,
  { migrationsUrl }: Pick<Consumer, 'migrationsUrl'>,
  { schema }: Generation,
): Promise<void> {
  await whileMigrating(url, (client) =>
    applyMigrations(client, {
      schema,
      directory: migrationsUrl,
      searchPath: [schema, 'public'],
    }),
  );
}

/** Removes what is left of a generation that was being built, and with `old` of the one replaced last. */
export async function dropGeneration(
  pool: Pool,
  generation: Generation,
  { old }: { readonly old: boolean },
): Promise<void> {
  const schemas = [generation.schema, ...(old ? [generation.oldSchema] : [])];
  await inTransaction(pool, async (tx) => {
    for (const schema of schemas) await tx.query(`drop schema if exists ${schema} cascade`);
  });
  for (const table of [
    'parked_changes',
    'parked_keys',
    'guards',
    'floors',
    'batches',
    'conflicts',
    'unfinished',
  ]) {
    await pool.query(`delete from runtime.${table} where consumer = $1`, [generation.consumer]);
  }
}

/**
 * Views outside the schema that read its tables: they would go on reading the replaced generation, and vanish with it.
 */
export async function viewsOnto(pool: Pool, { live }: Generation): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select distinct v.oid::regclass::text as name
     from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
       join pg_class v on v.oid = r.ev_class
       join pg_class t on d.refclassid = 'pg_class'::regclass and t.oid = d.refobjid
     where t.relnamespace = $1::regnamespace and v.relnamespace <> t.relnamespace order by 1`,
    [live],
  );
  return rows.map(({ name }) => name);
}
