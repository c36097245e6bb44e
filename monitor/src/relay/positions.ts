/** Offsets to be read next, per partition of `monitoring`. */
export type Positions = ReadonlyMap<number, bigint>;

const VERSION = '1';
/** As many partitions as any topic sensibly has, with the longest offsets. */
const MAX_CURSOR_LENGTH = 32_768;
const OFFSET = /^[0-9a-z]{1,13}$/;

/** An opaque text for clients: where each partition goes on. */
export function formatCursor(positions: Positions): string {
  const last = Math.max(-1, ...positions.keys());
  const offsets = Array.from({ length: last + 1 }, (_, partition) =>
    (positions.get(partition) ?? 0n).toString(36),
  );
  return [VERSION, ...offsets].join('.');
}

/** Undefined for what `formatCursor` did not make. */
export function parseCursor(cursor: string): Positions | undefined {
  if (cursor.length > MAX_CURSOR_LENGTH) return undefined;
  const [version, ...offsets] = cursor.split('.');
  if (version !== VERSION || !offsets.every((text) => OFFSET.test(text))) return undefined;
  return new Map(offsets.map((text, partition) => [partition, fromBase36(text)]));
}

function fromBase36(text: string): bigint {
  return [...text].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);
}
