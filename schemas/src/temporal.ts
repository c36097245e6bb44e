/**
 * Exact text of times that arrive as integers, in forms Postgres reads back to the same value. Integers
 * stay bigints throughout: microseconds leave the range of a double in the year 2255.
 */

export type TimeUnit = 'ms' | 'us' | 'ns';

interface UnitFacts {
  readonly perSecond: bigint;
  /** Fractional digits to print: six, Postgres's own resolution, unless nanoseconds need nine. */
  readonly digits: number;
  /** What Debezium 3.7 may send for `infinity` and `-infinity` of this unit (PostgresValueConverter). */
  readonly positiveInfinity: readonly bigint[];
  readonly negativeInfinity: readonly bigint[];
}

const SECONDS_PER_DAY = 86_400n;
/** pgjdbc's PGStatement.DATE_POSITIVE_INFINITY and DATE_NEGATIVE_INFINITY, taken as microseconds. */
const POSITIVE_INFINITY = 9_223_372_036_825_200_000n;
const NEGATIVE_INFINITY = -9_223_372_036_832_400_000n;
/** Java's Long.MAX_VALUE and Long.MIN_VALUE. */
const LONG_MAX = 9_223_372_036_854_775_807n;
const LONG_MIN = -9_223_372_036_854_775_808n;
/**
 * Days that stand for an infinite date: Debezium's own constants, and what its 32-bit days make of them, as
 * seen from 3.7.0 (debezium-contract.e2e.ts). All lie outside the dates Postgres can hold. Those of a
 * snapshot went through java.sql.Date, where the time zone of Connect can move them by one.
 */
const POSITIVE_INFINITY_DAYS = [2_146_033_979, -2_147_472_692];
const NEGATIVE_INFINITY_DAYS = [-2_147_472_691];
const SNAPSHOT_POSITIVE_INFINITY_DAY = -622_191_234;
const SNAPSHOT_NEGATIVE_INFINITY_DAY = -625_821_272;

const UNITS: Readonly<Record<TimeUnit, UnitFacts>> = {
  ms: {
    perSecond: 1_000n,
    digits: 6,
    positiveInfinity: [POSITIVE_INFINITY, POSITIVE_INFINITY / 1000n, LONG_MAX, LONG_MAX / 1000n],
    negativeInfinity: [NEGATIVE_INFINITY, NEGATIVE_INFINITY / 1000n, LONG_MIN, LONG_MIN / 1000n],
  },
  us: {
    perSecond: 1_000_000n,
    digits: 6,
    positiveInfinity: [POSITIVE_INFINITY, LONG_MAX],
    // -infinity leaves the range on its way to microseconds and arrives as the lowest long
    negativeInfinity: [NEGATIVE_INFINITY, LONG_MIN],
  },
  ns: {
    perSecond: 1_000_000_000n,
    digits: 9,
    positiveInfinity: [LONG_MAX, POSITIVE_INFINITY],
    negativeInfinity: [LONG_MIN, NEGATIVE_INFINITY],
  },
};

/** Days since 1970-01-01 → `YYYY-MM-DD` (with ` BC` before the year 1), `infinity` or `-infinity`. */
export function dateText(days: number): string {
  if (POSITIVE_INFINITY_DAYS.includes(days)) return 'infinity';
  if (NEGATIVE_INFINITY_DAYS.includes(days)) return '-infinity';
  if (Math.abs(days - SNAPSHOT_POSITIVE_INFINITY_DAY) <= 1) return 'infinity';
  if (Math.abs(days - SNAPSHOT_NEGATIVE_INFINITY_DAY) <= 1) return '-infinity';
  const { date, era } = civilDate(days);
  return `${date}${era}`;
}

/** Local time since 1970-01-01T00:00 → `YYYY-MM-DDTHH:MM:SS.ffffff`, `infinity` or `-infinity`. */
export function timestampText(value: bigint, unit: TimeUnit): string {
  const { perSecond, positiveInfinity, negativeInfinity } = UNITS[unit];
  if (positiveInfinity.includes(value)) return 'infinity';
  if (negativeInfinity.includes(value)) return '-infinity';
  const perDay = SECONDS_PER_DAY * perSecond;
  const timeOfDay = ((value % perDay) + perDay) % perDay;
  const { date, era } = civilDate(Number((value - timeOfDay) / perDay));
  return `${date}T${timeText(timeOfDay, unit)}${era}`;
}

const YEAR_OF_ZONED = /^([+-]?\d{4,9})(-\d{2}-\d{2}T\S+)$/;

/**
 * Java's ISO text writes years as `+10000`, `0000` (1 BC) and `-0001` (2 BC), which Postgres does not read;
 * all other text stays as it is.
 */
export function zonedTimestampText(text: string): string {
  const [, signed, rest] = YEAR_OF_ZONED.exec(text) ?? [];
  if (signed === undefined) return text;
  const year = Number(signed);
  const digits = String(year < 1 ? 1 - year : year).padStart(4, '0');
  return `${digits}${rest}${year < 1 ? ' BC' : ''}`;
}

/** Time since midnight → `HH:MM:SS.ffffff`; Postgres's `24:00:00` included. */
export function timeText(value: bigint, unit: TimeUnit): string {
  const { perSecond, digits } = UNITS[unit];
  const seconds = Number(value / perSecond);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  return `${clock}.${fraction(value % perSecond, perSecond, digits)}`;
}

/** Length of time in microseconds → ISO-8601 duration `PT-12.345678S`. */
export function durationText(microseconds: bigint): string {
  const magnitude = microseconds < 0n ? -microseconds : microseconds;
  const sign = microseconds < 0n ? '-' : '';
  return `PT${sign}${magnitude / 1_000_000n}.${fraction(magnitude % 1_000_000n, 1_000_000n, 6)}S`;
}

/** Instant in Unix microseconds → `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
export function instantText(unixUs: bigint): string {
  const text = timestampText(unixUs, 'us');
  if (text.endsWith('infinity')) return text;
  return text.endsWith(' BC') ? `${text.slice(0, -3)}Z BC` : `${text}Z`;
}

const INSTANT =
  /^(\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** RFC 3339 text → Unix microseconds (further digits cut off), or undefined when it is none. */
export function parseInstant(text: string): bigint | undefined {
  const [, seconds, fractionDigits = '', zone] = INSTANT.exec(text) ?? [];
  if (seconds === undefined || zone === undefined) return undefined;
  const unixMs = Date.parse(`${seconds}${zone}`.toUpperCase());
  if (Number.isNaN(unixMs)) return undefined;
  return BigInt(unixMs) * 1000n + BigInt(fractionDigits.slice(0, 6).padEnd(6, '0'));
}

function fraction(value: bigint, perSecond: bigint, digits: number): string {
  const width = perSecond.toString().length - 1;
  return value.toString().padStart(width, '0').padEnd(digits, '0');
}

const DAYS_PER_ERA = 146_097;
/** From 0000-03-01, where the proleptic Gregorian calendar's 400-year eras begin, to 1970-01-01. */
const ERA_TO_UNIX_DAYS = 719_468;

/**
 * Civil date of a day in the proleptic Gregorian calendar (Howard Hinnant's civil_from_days); JavaScript's
 * Date ends in the year 275760, Postgres's date in 5874897.
 */
function civilDate(days: number): { readonly date: string; readonly era: '' | ' BC' } {
  const shifted = days + ERA_TO_UNIX_DAYS;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const digits = [String(year < 1 ? 1 - year : year).padStart(4, '0'), month, day];
  return {
    date: digits.map((part) => String(part).padStart(2, '0')).join('-'),
    era: year < 1 ? ' BC' : '',
  };
}
