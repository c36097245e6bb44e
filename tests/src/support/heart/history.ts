import { changesOf } from '@shelfcast/consumers/testing/changes';
import type { Change } from '@shelfcast/schemas/change';
import fc from 'fast-check';

export const PARTITIONS = 3;
const KEYS = ['a', 'b', 'c', 'd'] as const;
type Key = (typeof KEYS)[number];

/** What happens to the table, in commit order. */
export type Step =
  | { readonly kind: 'put' | 'delete' | 'read'; readonly key: Key }
  /** Debezium writes it without a key: it may come in any partition. */
  | { readonly kind: 'truncate'; readonly partition: number };

/** What is given to the consumer at a time: of each partition so many new records, and so many that it has had. */
export type Delivery = readonly { readonly next: number; readonly again: number }[];

export const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: step('put') },
      { weight: 3, arbitrary: step('delete') },
      { weight: 2, arbitrary: step('read') },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('truncate' as const),
          partition: fc.nat(PARTITIONS - 1),
        }),
      },
    ),
    { minLength: 1, maxLength },
  );

function step<const K extends 'put' | 'delete' | 'read'>(kind: K) {
  return fc.record({ kind: fc.constant(kind), key: fc.constantFrom(...KEYS) });
}

export const deliveries: fc.Arbitrary<Delivery[]> = fc.array(
  fc.array(fc.record({ next: fc.nat(4), again: fc.nat(3) }), {
    minLength: PARTITIONS,
    maxLength: PARTITIONS,
  }),
  { maxLength: 30 },
);

/** The table, and the changes that its log gives of it. */
export interface History {
  readonly rows: Map<string, number>;
  /** Takes a step. @returns its change; none where nothing is changed by it */
  take(step: Step): Change[];
  /** Reads all rows, as a snapshot of a new generation of the capture does. */
  readAll(): Change[];
}

/** By the partition's records, so that positions and offsets are those of one log. */
export function createHistory(): History {
  const table = changesOf('public.products');
  const rows = new Map<string, number>();
  const ends = new Map<number, bigint>();
  let value = 0;
  let epoch = 1n;

  function placed(change: Change, partition: number): Change {
    const offset = ends.get(partition) ?? 0n;
    ends.set(partition, offset + 1n);
    return { ...change, record: { ...change.record, partition, offset } };
  }

  function read(key: string): Change[] {
    const known = rows.get(key);
    if (known === undefined) return [];
    return [
      placed(table.read(key, { product_id: key, value: known }, { epoch }), partitionOf(key)),
    ];
  }

  return {
    rows,
    take(taken) {
      if (taken.kind === 'truncate') {
        rows.clear();
        return [placed(table.truncate({ epoch }), taken.partition)];
      }
      const { kind, key } = taken;
      if (kind === 'read') return read(key);
      if (kind === 'delete') {
        if (!rows.delete(key)) return [];
        return [placed(table.delete(key, { epoch }), partitionOf(key))];
      }
      value += 1;
      const op = rows.has(key) ? 'update' : 'create';
      rows.set(key, value);
      return [placed(table[op](key, { product_id: key, value }, { epoch }), partitionOf(key))];
    },
    readAll() {
      epoch += 1n;
      return KEYS.flatMap(read);
    },
  };
}

/** Several keys share one. */
function partitionOf(key: string): number {
  return KEYS.indexOf(key as Key) % PARTITIONS;
}

/** Cuts changes into deliveries: each partition in its order, some of it again, and all of it in the end. */
export function* deliveriesOf(
  changes: readonly Change[],
  plan: readonly Delivery[],
): Generator<Change[]> {
  const queues = Array.from({ length: PARTITIONS }, (_, partition) =>
    changes.filter(({ record }) => record.partition === partition),
  );
  const at = queues.map(() => 0);
  const rest = Array.from({ length: PARTITIONS }, () => ({ next: changes.length, again: 0 }));
  for (const delivery of [...plan, rest]) {
    const batch = queues.flatMap((queue, partition) => {
      const { next, again } = delivery[partition] ?? { next: 0, again: 0 };
      const from = at[partition] ?? 0;
      at[partition] = Math.min(queue.length, from + next);
      return queue.slice(Math.max(0, from - again), at[partition]);
    });
    if (batch.length > 0) yield batch;
  }
}
