/** One kind of product: what it may be called, cost, weigh and measure. */
export interface ProductFamily {
  readonly category: string;
  /** Three letters that begin the product ids. */
  readonly code: string;
  readonly brands: readonly string[];
  /** Names, each with where it lies between the smallest and cheapest (0) and the largest and dearest (1). */
  readonly items: readonly (readonly [name: string, scale: number])[];
  readonly variants: readonly string[];
  /** Euros, lowest and highest. */
  readonly price: readonly [number, number];
  /** Kilograms, lightest and heaviest. */
  readonly weightKg: readonly [number, number];
  /** Centimetres: the longest side of the smallest and of the largest. */
  readonly sizeCm: readonly [number, number];
  /** Attribute names with their possible values. */
  readonly attributes: Readonly<Record<string, readonly (string | number | boolean)[]>>;
}

export const PRODUCT_FAMILIES: readonly ProductFamily[] = [
  {
    category: 'Coffee & Tea',
    code: 'COF',
    brands: ['Kopparberg Rösteri', 'Casa Lumen', 'North Quay'],
    items: [
      ['Espresso Beans', 0.35],
      ['Filter Roast', 0.3],
      ['Decaf Blend', 0.3],
      ['Sencha', 0.6],
      ['Earl Grey', 0.2],
      ['Rooibos', 0.1],
    ],
    variants: ['250 g', '500 g', '1 kg', 'Gift Tin'],
    price: [5.9, 34],
    weightKg: [0.26, 1.1],
    sizeCm: [12, 28],
    attributes: { organic: [true, false], roast: ['light', 'medium', 'dark'] },
  },
  {
    category: 'Kitchen',
    code: 'KIT',
    brands: ['Hartmann', 'Ironleaf', 'Osteria'],
    items: [
      ['Chef’s Knife', 0.55],
      ['Cast-Iron Pan', 0.7],
      ['Saucepan', 0.5],
      ['Mixing Bowl', 0.15],
      ['Pepper Mill', 0.1],
      ['Colander', 0.15],
    ],
    variants: ['Small', 'Medium', 'Large', 'Set of 3'],
    price: [14.5, 189],
    weightKg: [0.2, 4.6],
    sizeCm: [18, 46],
    attributes: { dishwasher_safe: [true, false], material: ['steel', 'cast iron', 'beech'] },
  },
  {
    category: 'Audio',
    code: 'AUD',
    brands: ['Sonoma', 'Klangwerk', 'Aria'],
    items: [
      ['Over-Ear Headphones', 0.3],
      ['Earbuds', 0.1],
      ['Bookshelf Speaker', 0.75],
      ['Soundbar', 0.6],
      ['Turntable', 0.85],
    ],
    variants: ['Black', 'Silver', 'Pro', 'Studio'],
    price: [39, 649],
    weightKg: [0.05, 7.5],
    sizeCm: [8, 95],
    attributes: { bluetooth: ['5.2', '5.3', '5.4'], noise_cancelling: [true, false] },
  },
  {
    category: 'Computing',
    code: 'CMP',
    brands: ['Vantage', 'Lindqvist', 'Pixelforge'],
    items: [
      ['Mechanical Keyboard', 0.2],
      ['Wireless Mouse', 0.05],
      ['27" Monitor', 0.85],
      ['USB-C Dock', 0.25],
      ['Webcam', 0.1],
    ],
    variants: ['Nordic', 'US', 'UK', 'Compact'],
    price: [24, 729],
    weightKg: [0.08, 6.8],
    sizeCm: [10, 62],
    attributes: { connection: ['USB-C', 'USB-A', 'wireless'], warranty_years: [2, 3, 5] },
  },
  {
    category: 'Outdoor',
    code: 'OUT',
    brands: ['Fjellvind', 'Cairn & Co', 'Halden'],
    items: [
      ['Trail Backpack', 0.35],
      ['Two-Person Tent', 0.85],
      ['Down Sleeping Bag', 0.6],
      ['Headlamp', 0.05],
      ['Camp Stove', 0.15],
    ],
    variants: ['Moss', 'Slate', 'Ochre', 'Ultralight'],
    price: [29, 579],
    weightKg: [0.09, 3.9],
    sizeCm: [9, 68],
    attributes: { waterproof_mm: [1500, 3000, 5000, 10000], season: ['3-season', '4-season'] },
  },
  {
    category: 'Home Textiles',
    code: 'TEX',
    brands: ['Linnea', 'Casa Lumen', 'Weft'],
    items: [
      ['Linen Duvet Cover', 0.75],
      ['Wool Throw', 0.5],
      ['Bath Towel', 0.15],
      ['Cushion Cover', 0.1],
      ['Curtain Pair', 0.6],
    ],
    variants: ['Natural', 'Indigo', 'Terracotta', 'Sage'],
    price: [12, 219],
    weightKg: [0.25, 2.8],
    sizeCm: [30, 60],
    attributes: { wash_c: [30, 40, 60], fibre: ['linen', 'wool', 'cotton'] },
  },
  {
    category: 'Toys & Games',
    code: 'TOY',
    brands: ['Brio & Bark', 'Meeple House', 'Kindling'],
    items: [
      ['Wooden Train', 0.35],
      ['Building Blocks', 0.5],
      ['Strategy Game', 0.4],
      ['Jigsaw 1000', 0.15],
      ['Plush Fox', 0.1],
    ],
    variants: ['Classic', 'Deluxe', 'Travel', 'Family'],
    price: [9.9, 119],
    weightKg: [0.2, 3.2],
    sizeCm: [15, 48],
    attributes: { age_from: [3, 6, 8, 12], players: ['1', '2–4', '2–6'] },
  },
  {
    category: 'Garden',
    code: 'GAR',
    brands: ['Greenwold', 'Ironleaf', 'Halden'],
    items: [
      ['Pruning Shears', 0.12],
      ['Watering Can', 0.15],
      ['Raised Bed', 0.85],
      ['Terracotta Pot', 0.35],
      ['Hand Trowel', 0.05],
    ],
    variants: ['Small', 'Medium', 'Large', 'Heritage'],
    price: [8.5, 249],
    weightKg: [0.15, 18.5],
    sizeCm: [18, 120],
    attributes: { frost_proof: [true, false], material: ['steel', 'larch', 'clay'] },
  },
];

/** Country code, name, and the manager of its shop. */
export const COUNTRIES: readonly (readonly [id: string, name: string, manager: string])[] = [
  ['AT', 'Austria', 'Johanna Gruber'],
  ['AU', 'Australia', 'Liam Nguyen'],
  ['BE', 'Belgium', 'Noor Peeters'],
  ['CA', 'Canada', 'Amélie Tremblay'],
  ['CH', 'Switzerland', 'Luca Bernasconi'],
  ['CZ', 'Czechia', 'Tereza Nováková'],
  ['DE', 'Germany', 'Miriam Vogel'],
  ['DK', 'Denmark', 'Freja Lund'],
  ['EE', 'Estonia', 'Kristjan Tamm'],
  ['ES', 'Spain', 'Lucía Ortega'],
  ['FI', 'Finland', 'Aino Virtanen'],
  ['FR', 'France', 'Camille Moreau'],
  ['GB', 'United Kingdom', 'Priya Shah'],
  ['GR', 'Greece', 'Eleni Papadaki'],
  ['HU', 'Hungary', 'Zsófia Kovács'],
  ['IE', 'Ireland', 'Aoife Byrne'],
  ['IT', 'Italy', 'Giulia Ferri'],
  ['JP', 'Japan', '佐藤 葵'],
  ['NL', 'Netherlands', 'Daan de Vries'],
  ['NO', 'Norway', 'Ingrid Haugen'],
  ['PL', 'Poland', 'Zofia Wiśniewska'],
  ['PT', 'Portugal', 'Inês Carvalho'],
  ['RO', 'Romania', 'Andrei Ionescu'],
  ['SE', 'Sweden', 'Elsa Bergström'],
  ['US', 'United States', 'Marcus Reed'],
];
