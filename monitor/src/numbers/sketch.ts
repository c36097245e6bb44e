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
