import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerDefinition } from '@shelfcast/consumers/contract/definition';

interface ProbeEffect {
  readonly key: string;
  readonly version: number;
  readonly note: string | null;
}

/** For ever, as far as a test is concerned. */
const HANG_MS = 3_600_000;

/**
 * A consumer that writes down each effect it has, and goes wrong where the table `faults` says so.
 * Its own name, so that several can run on one Kafka; its tables are in a database of its own.
 */
export function probe(name: string, table = 'public.products'): ConsumerDefinition<ProbeEffect> {
  return {
    name,
    tables: [table],
    events: [],
    migrationsUrl: new URL('../../../src/support/probe/migrations', import.meta.url),
    attemptTimeoutMs: 2_000,
    decide({ key, after }) {
      const version = after?.stock_quantity;
      if (key === null || typeof version !== 'number') return null;
      const note = after?.name;
      return { key, version, note: typeof note === 'string' ? note : null };
    },
    async apply(effects, { tx }) {
      const { rows } = await tx.query<{ key: string; kind: string }>(
        `select key, kind from faults where key = '*' or key = any($1)`,
        [effects.map(({ key }) => key)],
      );
      for (const { key, kind } of rows) {
        const note = effects.find((effect) => key === '*' || effect.key === key)?.note;
        if (kind === 'fails' && note !== 'edited') {
          throw new TypeError(`${key}, noted "${note}", cannot be applied`);
        }
        if (kind === 'hangs') await delay(HANG_MS, undefined, { ref: false });
        if (kind === 'blocks') for (const until = Date.now() + HANG_MS; Date.now() < until; );
      }
      await tx.query(
        `insert into effects (key, version, note)
         select e.key, e.version, e.note
         from unnest($1::text[], $2::int[], $3::text[]) with ordinality as e(key, version, note, nr) order by e.nr`,
        [
          effects.map(({ key }) => key),
          effects.map(({ version }) => version),
          effects.map(({ note }) => note),
        ],
      );
    },
    async truncate() {},
  };
}
