// A CommonJS module, of which Node finds no names.
import sketches from '@datadog/sketches-js';

/** Counts of values in bins that are 2 % apart: percentiles within 1 %, and sketches that add up. */
export type Sketch = InstanceType<typeof sketches.DDSketch>;

const RELATIVE_ACCURACY = 0.01;

export function createSketch(): Sketch {
  return new sketches.DDSketch({ relativeAccuracy: RELATIVE_ACCURACY });
}

export function encodeSketch(sketch: Sketch): Buffer {
  return Buffer.from(sketch.toProto());
}

/** What `encodeSketch` made, to be merged: it does not know its least and greatest value any more. */
export function decodeSketch(encoded: Uint8Array): Sketch {
  return sketches.DDSketch.fromProto(encoded);
}

/** Decodes sketches, and knows those it has decoded before: `decodeSketch` takes most of a summary's time. */
export interface SketchReader {
  /** @returns one that others are given as well: to be merged into another, never changed */
  decode(encoded: Buffer): Sketch;
}

/** @param capacity sketches that are kept, of some kilobytes each */
export function createSketchReader(capacity: number): SketchReader {
  const known = new Map<string, Sketch>();
  return {
    decode(encoded) {
      const key = encoded.toString('latin1');
      const sketch = known.get(key) ?? decodeSketch(encoded);
      // The one that was asked for last is the last to go.
      known.delete(key);
      known.set(key, sketch);
      if (known.size > capacity) {
        for (const oldest of known.keys()) {
          known.delete(oldest);
          break;
        }
      }
      return sketch;
    },
  };
}
