// Values as people read them. Numbers that are exact come as text and stay as they are, but for the separators.

const locale = 'en-GB';
const clock = new Intl.DateTimeFormat(locale, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' });
const counts = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const shares = new Intl.NumberFormat(locale, { style: 'percent', maximumSignificantDigits: 2 });

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `11:36:41.207`, with the day in front when it is not that of `nowMs`. */
export function clockTime(atMs: number, nowMs: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime())) return '–';
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`;
}

/** `28 Nov 2026, 11:36:41 GMT+1`: for titles and exports. */
export function fullTime(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? '–' : full.format(date);
}

/** `now`, `12 s ago`, `3 min ago`, `in 5 min`. */
export function relativeTime(atMs: number, nowMs: number): string {
  const distanceMs = nowMs - atMs;
  if (Math.abs(distanceMs) < SECOND) return 'now';
  const text = span(Math.abs(distanceMs));
  return distanceMs > 0 ? `${text} ago` : `in ${text}`;
}

/** A length of time by its one or two largest units: `12 s`, `3 min`, `2 h 5 min`, `9 days`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return two(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min');
  const days = Math.floor(ms / DAY);
  return days === 1 ? '1 day' : `${counts.format(days)} days`;
}

/** Latencies: `0.4 ms`, `9 ms`, `1.24 s`, `2 min`. */
export function milliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  if (ms < 10) return `${trim(ms.toFixed(1))} ms`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${trim((ms / SECOND).toFixed(ms < 10 * SECOND ? 2 : 1))} s`;
  return span(ms);
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `18 MB`; powers of 1,024. Takes 64-bit numbers as text. */
export function bytes(size: number | string | null | undefined): string {
  let value = Number(size ?? Number.NaN);
  if (!Number.isFinite(value)) return '–';
  let unit = 0;
  while (Math.abs(value) >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${trim(value.toFixed(digits))} ${UNITS[unit]}`;
}

/** `148/s`, `0.4/s`. */
export function perSecond(rate: number | null | undefined): string {
  if (rate === null || rate === undefined || !Number.isFinite(rate)) return '–';
  if (rate === 0) return '0/s';
  if (rate < 0.1) return '<0.1/s';
  return rate < 10 ? `${trim(rate.toFixed(1))}/s` : `${counts.format(rate)}/s`;
}

/** A share of 0 to 1: `0.4 %`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return '–';
  return shares.format(share).replace('%', ' %');
}

/** `2,410`. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : counts.format(value);
}

/** `1 dead letter`, `3 dead letters`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${counts.format(value)} ${value === 1 ? one : many}`;
}

/** An exact decimal with separators, digit by digit: it may be longer than any number here can be. */
export function exact(text: string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  if (whole === '') return text;
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${rest}`;
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
