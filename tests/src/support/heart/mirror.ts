import type { ConsumerDefinition } from '@shelfcast/consumers/contract/definition';

interface MirrorEffect {
  readonly key: string;
  /** Null: the row is deleted. */
  readonly value: number | null;
}

/** The smallest consumer there is: its rows are those of the table it follows. */
export const mirror: ConsumerDefinition<MirrorEffect> = {
  name: 'heart',
  tables: ['public.products'],
  migrationsUrl: new URL('../../../src/support/heart/migrations', import.meta.url),
  decide({ key, after }) {
    if (key === null) return null;
    return { key, value: after === null ? null : Number(after.value) };
  },
  async apply(effects, { tx }) {
    for (const { key, value } of effects) {
      if (value === null) await tx.query('delete from heart.rows where key = $1', [key]);
      else {
        await tx.query(
          `insert into heart.rows (key, value) values ($1, $2)
           on conflict (key) do update set value = excluded.value`,
          [key, value],
        );
      }
    }
  },
  async truncate(entity, floor, { tx, consumer }) {
    await tx.query(
      `delete from heart.rows r using runtime.guards g
       where g.consumer = $1 and g.entity = $2 and g.key = r.key and g.position < $3`,
      [consumer, entity, floor],
    );
  },
};
