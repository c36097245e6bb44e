import {
  type Change,
  type ColumnValue,
  type Origin,
  type Row,
  UNCHANGED,
} from '@shelfcast/schemas/change';

/** The change behind an effect. */
export interface Cause {
  readonly changeId: string;
  readonly origin: Origin;
  readonly instance: string;
  /** Unix microseconds. */
  readonly occurredAtUs: bigint;
}

/** What a change means for the stock: the level is known now, or the product is gone. */
export type StockEffect =
  | {
      readonly kind: 'level';
      readonly productId: string;
      /** Null where the source does not say. */
      readonly quantity: bigint | null;
      /** Undefined where the change does not say: what is known counts. */
      readonly category: string | null | undefined;
      /** Read by a snapshot: the level may have been changed long ago. */
      readonly snapshot: boolean;
      readonly cause: Cause;
    }
  | { readonly kind: 'gone'; readonly productId: string; readonly cause: Cause };

export type LevelEffect = Extract<StockEffect, { kind: 'level' }>;

/**
 * Pure. Null where the change says nothing new about the stock, or about the category that its thresholds go by.
 * @throws TypeError when the stock is not a whole number
 */
export function decide(change: Change): StockEffect | null {
  const { key: productId, op, before, after } = change;
  if (change.entity !== 'products' || productId === null) return null;
  if (op === 'delete') return { kind: 'gone', productId, cause: causeOf(change) };
  const stock = after?.stock_quantity;
  if (after === null || stock === undefined || stock === UNCHANGED) return null;
  const category = categoryOf(after);
  if (op === 'update' && before !== null && before.stock_quantity === stock) {
    if (category === undefined || category === categoryOf(before)) return null;
  }
  return {
    kind: 'level',
    productId,
    quantity: wholeNumber(stock),
    category,
    snapshot: op === 'read',
    cause: causeOf(change),
  };
}

function categoryOf({ category }: Row): string | null | undefined {
  if (category === undefined || category === UNCHANGED) return undefined;
  return typeof category === 'string' ? category : null;
}

function causeOf({ id, origin, instance, occurredAtUs }: Change): Cause {
  return { changeId: id, origin, instance, occurredAtUs };
}

/** The source's column is an int; as a bigint or a numeric without a fraction it would do as well. */
function wholeNumber(value: ColumnValue): bigint | null {
  if (value === null || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d+(\.0*)?$/.test(value)) {
    return BigInt(value.replace(/\..*/, ''));
  }
  throw new TypeError(`stock_quantity ${String(value)} is not a whole number`);
}
