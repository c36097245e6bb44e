/** Times to look back, for the header and `?range=`. */
export const RANGES = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;
export type Range = (typeof RANGES)[number];

const WORDS: Readonly<Record<Range, string>> = {
  '5m': 'last 5 min',
  '15m': 'last 15 min',
  '1h': 'last hour',
  '6h': 'last 6 h',
  '24h': 'last 24 h',
  '7d': 'last 7 days',
};
const SECONDS: Readonly<Record<Range, number>> = {
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
};

/** The range that a query names; 15 minutes when it names none. */
export function readRange(text: string): Range {
  return RANGES.find((range) => range === text) ?? '15m';
}

export function formatRange(range: Range): string {
  return WORDS[range];
}

export function rangeSeconds(range: Range): number {
  return SECONDS[range];
}

/** A step that gives a chart some 90 points, in whole buckets of 10 s. */
export function stepSeconds(range: Range): number {
  return Math.max(10, Math.ceil(SECONDS[range] / 90 / 10) * 10);
}
