import { z } from 'zod';

/** A stored offset's fields, as Connect's REST API gives them. */
export type StoredOffset = Readonly<Record<string, unknown>>;

/** Fields of Debezium's offset that tell how far an incremental snapshot is (AbstractIncrementalSnapshotContext). */
const PREFIX = 'incremental_snapshot';
const COLLECTIONS = `${PREFIX}_collections`;
const COLLECTION_ID = `${COLLECTIONS}_id`;
/** Where the first collection of the list stands. */
const PLACE_IN_FIRST = [`${PREFIX}_primary_key`, `${PREFIX}_maximum_key`];

const collectionsSchema = z.array(z.looseObject({ [COLLECTION_ID]: z.string() }));

/** Tables (`schema.table`) whose incremental snapshot an offset has begun or still has before it, in order. */
export function tablesBeingRead(offset: StoredOffset): string[] {
  return collectionsOf(offset).map((collection) => String(collection[COLLECTION_ID]));
}

/**
 * The offset without tables that are not to be read any more. The first of the list is the one being read: the place
 * reached in it goes with it, and the next one is read from its beginning.
 *
 * @returns undefined when there is nothing to change
 */
export function withoutTablesBeingRead(
  offset: StoredOffset,
  isCaptured: (table: string) => boolean,
): StoredOffset | undefined {
  const collections = collectionsOf(offset);
  const kept = collections.filter((collection) => isCaptured(String(collection[COLLECTION_ID])));
  if (kept.length === collections.length) return undefined;
  const isGone = (name: string) =>
    kept.length === 0
      ? name.startsWith(PREFIX)
      : kept[0] !== collections[0] && PLACE_IN_FIRST.includes(name);
  const rest = Object.entries(offset).filter(([name]) => !isGone(name));
  return {
    ...Object.fromEntries(rest),
    ...(kept.length === 0 ? {} : { [COLLECTIONS]: JSON.stringify(kept) }),
  };
}

function collectionsOf(offset: StoredOffset): z.output<typeof collectionsSchema> {
  const text = offset[COLLECTIONS];
  if (typeof text !== 'string' || text === '') return [];
  return collectionsSchema.parse(JSON.parse(text));
}
