import { groupBy } from '@shelfcast/service-kit/group-by';
import type { Delivery } from '../intake/delivery.ts';
import { guardKey, type Outcome } from '../positions/classify.ts';

export interface Isolated {
  /** What became of the changes that could be applied. */
  readonly outcomes: ReadonlyMap<Delivery, Outcome>;
  /** Changes that fail by themselves, the first of their keys. */
  readonly failures: readonly { readonly delivery: Delivery; readonly error: unknown }[];
  /** Later changes of the failed keys, not tried. */
  readonly behind: readonly Delivery[];
  /** Not tried, because too much had failed before. */
  readonly untried: readonly Delivery[];
}

export interface IsolateOptions {
  /** Applies changes in a transaction of their own. */
  readonly attempt: (deliveries: readonly Delivery[]) => Promise<readonly Outcome[]>;
  /** Errors after which nothing more is tried: `isolate` throws them. */
  readonly isOutage: (error: unknown) => boolean;
  /** Errors that cost their time with every attempt: then keys are tried one by one at once. */
  readonly isSlow: (error: unknown) => boolean;
  /** Failed keys after which the search ends. */
  readonly maxFailures: number;
}

/**
 * Finds the changes that made a transaction fail, and applies the others. Halves what failed until single keys are
 * left, so that one bad key among a thousand costs about twenty transactions; the changes of a key stay in order.
 */
export async function isolate(
  deliveries: readonly Delivery[],
  error: unknown,
  options: IsolateOptions,
): Promise<Isolated> {
  const { attempt, isOutage, isSlow, maxFailures } = options;
  const outcomes = new Map<Delivery, Outcome>();
  const failures: { delivery: Delivery; error: unknown }[] = [];
  const behind: Delivery[] = [];
  const untried: Delivery[] = [];

  /** @returns what made it fail */
  async function apply(some: readonly Delivery[]): Promise<{ error: unknown } | undefined> {
    try {
      const results = await attempt(some);
      for (const [index, delivery] of some.entries()) {
        outcomes.set(delivery, results[index] ?? 'processed');
      }
      return undefined;
    } catch (cause) {
      if (isOutage(cause)) throw cause;
      return { error: cause };
    }
  }

  /** The changes of one key, each by itself. */
  async function oneByOne(key: readonly Delivery[]): Promise<void> {
    for (const [index, delivery] of key.entries()) {
      const failed = await apply([delivery]);
      if (failed === undefined) continue;
      failures.push({ delivery, error: failed.error });
      behind.push(...key.slice(index + 1));
      return;
    }
  }

  /** Keys that failed together. */
  async function split(keys: readonly Delivery[][], cause: unknown): Promise<void> {
    const [first = [], ...others] = keys;
    if (others.length === 0 && first.length === 1) {
      failures.push(...first.map((delivery) => ({ delivery, error: cause })));
      return;
    }
    if (others.length === 0) return await oneByOne(first);
    const middle = Math.ceil(keys.length / 2);
    const parts = isSlow(cause)
      ? keys.map((key) => [key])
      : [keys.slice(0, middle), keys.slice(middle)];
    for (const part of parts) {
      if (failures.length >= maxFailures) {
        untried.push(...part.flat());
        continue;
      }
      const failed = await apply(part.flat());
      if (failed !== undefined) await split(part, failed.error);
    }
  }

  await split(byKey(deliveries), error);
  return { outcomes, failures, behind, untried };
}

function byKey(deliveries: readonly Delivery[]): Delivery[][] {
  const nameOf = ({ change: { entity, key, id } }: Delivery) =>
    guardKey(entity, key ?? `truncate ${id}`);
  return [...groupBy(deliveries, nameOf).values()];
}
