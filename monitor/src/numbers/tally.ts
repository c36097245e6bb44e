import type { ReportKind } from '@shelfcast/schemas/monitor/numbers';
import { createSketch, decodeSketch, encodeSketch, type Sketch } from './sketch.ts';

/** Of what is counted, and when. */
export interface Place {
  /** Begin of the bucket, Unix seconds. */
  readonly bucket: number;
  readonly stepSeconds: number;
  /** Empty: the slowest service of each event. */
  readonly service: string;
  readonly stage: string;
  readonly kind: ReportKind;
}

/** A row of `numbers` as it is read. Rows of one place add up. */
export interface ReadRow extends Place {
  readonly count: number;
  /** Milliseconds. */
  readonly latency: Sketch | null;
}

/** A row of `numbers` as it is written. */
export interface NumbersRow extends Place {
  readonly count: number;
  /** An encoded sketch of milliseconds. */
  readonly latency: Buffer | null;
}

/** The finest buckets there are. */
export const BUCKET_SECONDS = 10;
/** The slowest service of each event. */
export const ALL_SERVICES = '';

/** Adds up what is counted at each place. */
export interface Tally {
  add(place: Place, count: number, latencyMs?: number): void;
  merge(row: NumbersRow): void;
  rows(): NumbersRow[];
}

interface Sum {
  readonly place: Place;
  count: number;
  sketch: Sketch | undefined;
}

/** More than any step has seconds. */
const STEPS = 100_000;

/** The map in a map; made where there is none. */
function within<Key, Value>(outer: Map<string, Map<Key, Value>>, key: string): Map<Key, Value> {
  const known = outer.get(key);
  if (known !== undefined) return known;
  const fresh = new Map<Key, Value>();
  outer.set(key, fresh);
  return fresh;
}

export function createTally(): Tally {
  const sums: Sum[] = [];
  /** By service, stage, kind, and begin of the bucket, of which the step makes another: no text is made to look one up. */
  const places = new Map<string, Map<string, Map<string, Map<number, Sum>>>>();

  function at(place: Place): Sum {
    const { bucket, stepSeconds, service, stage, kind } = place;
    const ofKind = within(within(within(places, service), stage), kind);
    const key = bucket * STEPS + stepSeconds;
    const known = ofKind.get(key);
    if (known !== undefined) return known;
    const fresh = {
      place: { bucket, stepSeconds, service, stage, kind },
      count: 0,
      sketch: undefined,
    };
    sums.push(fresh);
    ofKind.set(key, fresh);
    return fresh;
  }

  return {
    add(place, count, latencyMs) {
      const sum = at(place);
      sum.count += count;
      if (latencyMs === undefined) return;
      sum.sketch ??= createSketch();
      // Clocks that disagree make some steps end before the commit; the timeline says so.
      sum.sketch.accept(Math.max(0, latencyMs));
    },
    merge(row) {
      const sum = at(row);
      sum.count += row.count;
      if (row.latency === null) return;
      sum.sketch ??= createSketch();
      sum.sketch.merge(decodeSketch(row.latency));
    },
    rows: () =>
      sums.map(({ place, count, sketch }) => ({
        ...place,
        count,
        latency: sketch === undefined ? null : encodeSketch(sketch),
      })),
  };
}

/** Begin of the bucket that a time belongs to, Unix seconds. */
export function bucketOf(atMs: number, stepSeconds: number): number {
  return Math.floor(atMs / 1000 / stepSeconds) * stepSeconds;
}
