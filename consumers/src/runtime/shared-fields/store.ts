import type { ColumnValue } from '@shelfcast/schemas/change';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { guardKey } from '../positions/classify.ts';
import type { Acceptance, SharedFields, SharedRow } from './merge.ts';

interface Place {
  readonly entity: string;
  readonly key: string;
}

/** As `runtime.shared_rows.fields` holds it; JSON has no 64-bit integers. */
const storedFields = z.record(
  z.string(),
  z.object({
    origin: z.enum(['cdc', 'manual']),
    acceptedAtUs: z.string(),
    position: z.string(),
    value: z
      .union([z.string(), z.number(), z.boolean(), z.null(), z.object({ int8: z.string() })])
      .optional(),
  }),
);
type StoredFields = z.infer<typeof storedFields>;
type StoredValue = StoredFields[string]['value'];

/** What is known of the shared fields of keys, by `guardKey`; of most there is nothing yet. Their guards are locked. */
export async function loadSharedRows(
  tx: ClientBase,
  consumer: string,
  places: readonly Place[],
): Promise<Map<string, SharedRow>> {
  const { rows } = await tx.query<Place & { present: boolean; fields: string }>({
    name: 'runtime.load_shared',
    text: `select s.entity, s.key, s.present, s.fields
      from (select distinct * from unnest($2::text[], $3::text[])) as p(entity, key)
      join runtime.shared_rows s on s.consumer = $1 and s.entity = p.entity and s.key = p.key`,
    values: [consumer, places.map(({ entity }) => entity), places.map(({ key }) => key)],
  });
  return new Map(
    rows.map(({ entity, key, present, fields }) => [
      guardKey(entity, key),
      { present, fields: fieldsFrom(storedFields.parse(JSON.parse(fields))) },
    ]),
  );
}

/** Writes what is known of the shared fields of keys. Their guards are locked. */
export async function saveSharedRows(
  tx: ClientBase,
  consumer: string,
  rows: readonly (Place & { readonly row: SharedRow })[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query({
    name: 'runtime.save_shared',
    text: `insert into runtime.shared_rows (consumer, entity, key, present, fields)
      select $1, s.entity, s.key, s.present, s.fields::jsonb
      from unnest($2::text[], $3::text[], $4::boolean[], $5::text[]) as s(entity, key, present, fields)
      on conflict (consumer, entity, runtime.bounded(key)) do update set present = excluded.present, fields = excluded.fields`,
    values: [
      consumer,
      rows.map(({ entity }) => entity),
      rows.map(({ key }) => key),
      rows.map(({ row }) => row.present),
      rows.map(({ row }) => JSON.stringify(stored(row.fields))),
    ],
  });
}

/**
 * Forgets fields that are no longer shared: their values go stale, and must not come back when the field is shared
 * again one day.
 */
export async function forgetUnshared(
  db: Pick<ClientBase, 'query'>,
  consumer: string,
  shared: SharedFields,
): Promise<void> {
  await db.query(
    'delete from runtime.shared_rows where consumer = $1 and entity <> all($2::text[])',
    [consumer, [...shared.keys()]],
  );
  for (const [entity, { columns }] of shared) {
    await db.query(
      `update runtime.shared_rows
       set fields = coalesce((select jsonb_object_agg(name, field) from jsonb_each(fields) as f(name, field)
                              where name = any($3::text[])), '{}')
       where consumer = $1 and entity = $2 and fields - $3::text[] <> '{}'`,
      [consumer, entity, [...columns]],
    );
  }
}

function fieldsFrom(fields: StoredFields): Map<string, Acceptance> {
  return new Map(
    Object.entries(fields).map(([column, { origin, acceptedAtUs, position, value }]) => [
      column,
      {
        ...{ origin, acceptedAtUs: BigInt(acceptedAtUs), position },
        ...(value === undefined ? {} : { value: valueFrom(value) }),
      },
    ]),
  );
}

function valueFrom(value: StoredValue): ColumnValue {
  if (value === undefined) return null;
  return value !== null && typeof value === 'object' ? BigInt(value.int8) : value;
}

function stored(fields: SharedRow['fields']): StoredFields {
  return Object.fromEntries(
    [...fields].map(([column, { origin, acceptedAtUs, position, value }]) => [
      column,
      {
        ...{ origin, acceptedAtUs: acceptedAtUs.toString(), position },
        ...(value === undefined ? {} : { value: storedValue(value) }),
      },
    ]),
  );
}

/** @throws TypeError for what no manual event holds */
function storedValue(value: ColumnValue): StoredValue {
  switch (typeof value) {
    case 'bigint':
      return { int8: value.toString() };
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    default:
      if (value === null) return null;
      throw new TypeError('a field that is a structure cannot be shared');
  }
}
