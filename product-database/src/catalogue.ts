import { COUNTRIES, PRODUCT_FAMILIES, type ProductFamily } from './catalogue-families.ts';

/** Rows as Postgres takes them; decimals are strings so that they stay exact. */
export interface ProductRow {
  readonly product_id: string;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly brand: string;
  readonly price: string;
  readonly currency: string;
  readonly stock_quantity: number;
  readonly weight_kg: string;
  readonly dimensions: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export interface DiscountRow {
  readonly discount_id: string;
  readonly product_id: string;
  readonly discount_type: string;
  readonly discount_percentage: string;
  readonly start_date: string;
  readonly end_date: string;
  readonly minimum_quantity: number;
  readonly maximum_discount: string | null;
}

export interface CountryRow {
  readonly country_id: string;
  readonly name: string;
  readonly manager: string;
  readonly product_count: number;
  readonly total_sales: string;
}

export interface Catalogue {
  readonly products: readonly ProductRow[];
  readonly discounts: readonly DiscountRow[];
  readonly countries: readonly CountryRow[];
}

/** Units of the currency for one euro, and the decimals its prices are written with. */
const CURRENCIES = {
  EUR: { rate: 1, decimals: 2 },
  USD: { rate: 1.1, decimals: 2 },
  GBP: { rate: 0.86, decimals: 2 },
  SEK: { rate: 11.3, decimals: 2 },
  JPY: { rate: 162, decimals: 0 },
} as const;

const CURRENCY_OF_NTH_PRODUCT = [
  'EUR',
  'EUR',
  'EUR',
  'EUR',
  'USD',
  'EUR',
  'GBP',
  'EUR',
  'JPY',
  'SEK',
] as const;
const DISCOUNT_COUNT = 60;
const DAY_MS = 86_400_000;

/**
 * A catalogue of a few hundred believable products with their discounts and countries. The same `now`
 * gives the same catalogue; a third of the discounts are over, a third in force, a third still to come.
 */
export function buildCatalogue(now: Date): Catalogue {
  const random = createRandom(20_240_501);
  const products = PRODUCT_FAMILIES.flatMap((family) => buildFamily(family, random)).map(
    (product, index) => inCurrency(product, CURRENCY_OF_NTH_PRODUCT[index % 10] ?? 'EUR'),
  );
  return {
    products,
    discounts: buildDiscounts(products, now, random),
    countries: COUNTRIES.map(([country_id, name, manager]) => ({
      country_id,
      name,
      manager,
      product_count: between(random, 40, products.length),
      total_sales: (random() * 4_000_000).toFixed(2),
    })),
  };
}

interface EuroProduct extends Omit<ProductRow, 'price' | 'currency'> {
  readonly euros: number;
}

function buildFamily(family: ProductFamily, random: () => number): EuroProduct[] {
  const pairs = family.items.flatMap(([item, itemScale]) =>
    family.brands.flatMap((brand) =>
      // Not every brand makes every variant.
      family.variants
        .filter(() => random() < 0.75)
        .map((variant) => ({ item, itemScale, brand, variant })),
    ),
  );
  return pairs.map(({ item, itemScale, brand, variant }, index) => {
    // One number decides price, weight and size together: what is larger is heavier and dearer.
    const scale = Math.min(1, Math.max(0, itemScale + (random() - 0.5) * 0.16));
    const longestCm = within(family.sizeCm, scale);
    return {
      product_id: `${family.code}-${String(index + 1).padStart(3, '0')}`,
      name: `${brand} ${item}, ${variant}`,
      description: `${item} by ${brand} (${variant}). ${family.category} that lasts, with spare parts for ten years.`,
      category: family.category,
      brand,
      euros: Math.max(0.9, Math.round(within(family.price, scale) * (0.85 + random() * 0.3)) - 0.1),
      stock_quantity: random() < 0.06 ? 0 : between(random, 1, 400),
      weight_kg: within(family.weightKg, scale).toFixed(3),
      dimensions: [longestCm, longestCm * 0.6, longestCm * 0.35]
        .map((cm) => cm.toFixed(1))
        .join(' × ')
        .concat(' cm'),
      attributes: Object.fromEntries(
        Object.entries(family.attributes).map(([name, values]) => [name, pick(values, random)]),
      ),
    };
  });
}

function inCurrency(
  { euros, ...product }: EuroProduct,
  currency: keyof typeof CURRENCIES,
): ProductRow {
  const { rate, decimals } = CURRENCIES[currency];
  return { ...product, price: (euros * rate).toFixed(decimals), currency };
}

function buildDiscounts(
  products: readonly ProductRow[],
  now: Date,
  random: () => number,
): DiscountRow[] {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const types = ['seasonal', 'clearance', 'volume', 'loyalty'] as const;
  return Array.from({ length: DISCOUNT_COUNT }, (_, index) => {
    const type = pick(types, random);
    const lengthDays = between(random, 7, 45);
    const startInDays = [
      -lengthDays - between(random, 1, 60),
      -between(random, 1, lengthDays - 1),
      between(random, 1, 60),
    ][index % 3];
    const start = today + (startInDays ?? 0) * DAY_MS;
    return {
      discount_id: `D-${String(index + 1).padStart(3, '0')}`,
      product_id: pick(products, random).product_id,
      discount_type: type,
      discount_percentage: (between(random, 2, 16) * 2.5).toFixed(2),
      start_date: new Date(start).toISOString(),
      end_date: new Date(start + lengthDays * DAY_MS).toISOString(),
      minimum_quantity: type === 'volume' ? between(random, 2, 10) : 1,
      maximum_discount: random() < 0.3 ? between(random, 5, 80).toFixed(2) : null,
    };
  });
}

/** mulberry32: small, seeded, and the same on every machine, which Math.random is not. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function between(random: () => number, lowest: number, highest: number): number {
  return lowest + Math.floor(random() * (highest - lowest + 1));
}

function within([lowest, highest]: readonly [number, number], scale: number): number {
  return lowest + (highest - lowest) * scale;
}

function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError('cannot pick from nothing');
  return value;
}
