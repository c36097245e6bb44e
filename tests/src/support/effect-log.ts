import type { Change } from '@shelfcast/schemas/change';
import type { Pool } from 'pg';

/** One effect on a product's row in the catalogue, as Postgres saw it. */
export interface LoggedEffect {
  readonly key: string;
  readonly op: 'INSERT' | 'UPDATE' | 'DELETE';
  /** `stock_quantity` of the row put or removed. */
  readonly version: number;
  /** Unix milliseconds. */
  readonly atMs: number;
}

export interface EffectLog {
  /** Effects on products whose id begins with the prefix, in the order in which they happened. */
  read(prefix: string): Promise<LoggedEffect[]>;
  remove(): Promise<void>;
}

/** Has Postgres note, from now on, every change of the catalogue's products but those of computed prices alone. */
export async function logEffects(consumers: Pool): Promise<EffectLog> {
  await consumers.query(`
    drop schema if exists test_effects cascade;
    create schema test_effects;
    create table test_effects.log (
      nr bigint generated always as identity, key text, op text, version bigint, at timestamptz);
    create function test_effects.note() returns trigger language plpgsql as $$
    begin
      insert into test_effects.log (key, op, version, at) values (
        coalesce(new.product_id, old.product_id), tg_op,
        coalesce(new.stock_quantity, old.stock_quantity), clock_timestamp());
      return null;
    end $$;
    create trigger test_effects after insert or delete or update of stock_quantity
      on catalogue.products for each row execute function test_effects.note()`);
  return {
    async read(prefix) {
      const { rows } = await consumers.query<{
        key: string;
        op: LoggedEffect['op'];
        version: bigint;
        at_ms: number;
      }>(
        `select key, op, version, extract(epoch from at)::float8 * 1000 as at_ms
         from test_effects.log where starts_with(key, $1) order by nr`,
        [prefix],
      );
      return rows.map(({ key, op, version, at_ms }) => ({
        key,
        op,
        version: Number(version),
        atMs: at_ms,
      }));
    },
    async remove() {
      await consumers.query('drop schema test_effects cascade');
    },
  };
}

/**
 * Effects that are not, key by key, a part of what was committed, in its order: late ones, repeated ones, made up
 * ones. Changes of one transaction of the consumer may be merged, so a missing effect is none of them.
 */
export function outOfOrder(
  effects: readonly LoggedEffect[],
  changes: readonly Change[],
): LoggedEffect[] {
  const histories = new Map<string, Change[]>();
  for (const change of distinct(changes)) {
    const history = histories.get(change.key ?? '');
    if (history === undefined) histories.set(change.key ?? '', [change]);
    else history.push(change);
  }
  const reached = new Map<string, number>();
  return effects.filter((effect) => {
    const history = histories.get(effect.key) ?? [];
    const from = reached.get(effect.key) ?? 0;
    const found = history.findIndex((change, index) => index >= from && isOf(effect, change));
    if (found === -1) return true;
    reached.set(effect.key, found + 1);
    return false;
  });
}

function isOf({ op, version }: LoggedEffect, change: Change): boolean {
  if (op === 'DELETE') return change.op === 'delete';
  return change.after !== null && Number(change.after.stock_quantity) === version;
}

/** Without redeliveries, in the order of the commits. */
function distinct(changes: readonly Change[]): Change[] {
  const byId = new Map(changes.map((change) => [change.id, change]));
  return [...byId.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
}
