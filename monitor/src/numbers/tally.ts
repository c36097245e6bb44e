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

/** A row of `numbers`. Rows of one place add up. */
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

export function createTally(): Tally {
  const sums = new Map<string, { place: Place; count: number; sketch: Sketch | undefined }>();

  function at(place: Place) {
    const key = `${place.bucket}\n${place.stepSeconds}\n${place.service}\n${place.stage}\n${place.kind}`;
    const known = sums.get(key);
    if (known !== undefined) return known;
    const { bucket, stepSeconds, service, stage, kind } = place;
    const fresh = {
      place: { bucket, stepSeconds, service, stage, kind },
      count: 0,
      sketch: undefined,
    };
    sums.set(key, fresh);
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
      [...sums.values()].map(({ place, count, sketch }) => ({
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
