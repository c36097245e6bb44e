import {
  type Change,
  type ColumnValue,
  type Row,
  sameValue,
  UNCHANGED,
} from '@shelfcast/schemas/change';

/** What a change means for prices: columns of a product or discount are put, or the row is gone. */
export type PriceEffect =
  | (EffectBase & {
      readonly kind: 'putProduct';
      /** Only the columns the change tells of. */
      readonly columns: Partial<ProductColumns>;
      /** The row before, where an update tells it: the base of comparison for a product not met yet. */
      readonly before: Partial<ProductColumns> | null;
    })
  | (EffectBase & { readonly kind: 'removeProduct' })
  | (EffectBase & {
      readonly kind: 'putDiscount';
      readonly columns: Partial<DiscountColumns>;
      readonly productIdBefore: string | null;
    })
  | (EffectBase & { readonly kind: 'removeDiscount'; readonly productIdBefore: string | null });

interface EffectBase {
  /** Of the product or discount. */
  readonly key: string;
  readonly cause: Cause;
  /**
   * The source says that none of the columns that matter here changed. It is still compared with what is stored:
   * an earlier change may never have arrived.
   */
  readonly nothingNew: boolean;
}

/** Why a price changes. */
export interface Cause {
  readonly kind: 'change' | 'clock' | 'truncate';
  /** Id of the change; of the clock the moment (ISO-8601), of a truncate its position and the row. */
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly occurredAtMs: number;
  /** Whether a snapshot read it: what it shows for the first time is not news. */
  readonly snapshot: boolean;
  readonly epoch: bigint;
  /** Trace that a manual event came with. */
  readonly traceId?: string | undefined;
}

/** Columns that matter to a price and to the filters of subscribers; exact numbers are decimal text. */
export interface ProductColumns {
  readonly category: string | null;
  readonly brand: string | null;
  readonly price: string | null;
  readonly currency: string | null;
}

export interface DiscountColumns {
  readonly product_id: string | null;
  readonly discount_percentage: string | null;
  /** ISO-8601, or `infinity` / `-infinity`. */
  readonly start_date: string | null;
  readonly end_date: string | null;
  readonly minimum_quantity: string | null;
  readonly maximum_discount: string | null;
}

const PRODUCT_COLUMNS = ['category', 'brand', 'price', 'currency'] as const;
const DISCOUNT_COLUMNS = [
  'product_id',
  'discount_percentage',
  'start_date',
  'end_date',
  'minimum_quantity',
  'maximum_discount',
] as const;

/** Pure. Null where the change means nothing to a price. */
export function decide(change: Change): PriceEffect | null {
  const { entity, key, op, before, after } = change;
  if (key === null) return null;
  const base = { key, cause: causeOf(change) };
  if (entity === 'products') {
    if (op === 'delete') return { kind: 'removeProduct', ...base, nothingNew: false };
    if (after === null) return null;
    return {
      kind: 'putProduct',
      ...base,
      nothingNew: nothingNew(change, PRODUCT_COLUMNS),
      columns: pick(after, PRODUCT_COLUMNS),
      before: op === 'update' && before !== null ? pick(before, PRODUCT_COLUMNS) : null,
    };
  }
  if (entity === 'product_discounts') {
    const productIdBefore = text(before?.product_id) ?? null;
    if (op === 'delete') {
      return { kind: 'removeDiscount', ...base, nothingNew: false, productIdBefore };
    }
    if (after === null) return null;
    return {
      kind: 'putDiscount',
      ...base,
      nothingNew: nothingNew(change, DISCOUNT_COLUMNS),
      columns: pick(after, DISCOUNT_COLUMNS),
      productIdBefore,
    };
  }
  return null;
}

function causeOf({ id, occurredAtUs, op, epoch, traceId }: Change): Cause {
  return {
    kind: 'change',
    id,
    occurredAtMs: Number(occurredAtUs) / 1000,
    snapshot: op === 'read',
    epoch,
    traceId,
  };
}

function nothingNew({ op, before, after }: Change, columns: readonly string[]): boolean {
  if (op !== 'update' || before === null || after === null) return false;
  return columns.every(
    (column) => after[column] === UNCHANGED || sameValue(before[column], after[column]),
  );
}

/** The columns the row tells of, as text; a column that is missing or unchanged was not said anything about. */
function pick<Column extends string>(
  row: Row,
  columns: readonly Column[],
): Partial<Record<Column, string | null>> {
  const picked: Partial<Record<Column, string | null>> = {};
  for (const column of columns) {
    const value = text(row[column]);
    if (value !== undefined) picked[column] = value;
  }
  return picked;
}

/** Undefined where the change does not say. A price that is a structure (another type now) counts as none. */
function text(value: ColumnValue | undefined): string | null | undefined {
  if (value === undefined || value === UNCHANGED) return undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
