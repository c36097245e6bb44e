export interface CollectorOptions {
  readonly limitBytes: number;
  /** Asked for memory beyond what each body has for free; throws when there is none. */
  readonly grow: (bytes: number) => void;
}

/** Puts the parts of a body together. */
export interface Collector {
  /** @throws {TooManyBytes} beyond the limit; what `grow` throws */
  add(part: Buffer): void;
  bytes(): Buffer;
}

/** A body is larger than its limit. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes';
}

const FREE_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Copies parts into one buffer that doubles as it fills: as a list, a body that comes byte by byte would take a hundred
 * times its size. A body of one part, which most are, is not copied.
 */
export function createCollector({ limitBytes, grow }: CollectorOptions): Collector {
  let only: Buffer | undefined;
  let buffer = NOTHING;
  let length = 0;
  let granted = FREE_BYTES;

  function grant(size: number): void {
    if (size <= granted) return;
    grow(size - granted);
    granted = size;
  }
  function reserve(size: number): void {
    if (size <= buffer.length) return;
    const capacity = Math.min(Math.max(size, 2 * buffer.length), limitBytes);
    grant(capacity);
    const larger = Buffer.allocUnsafe(capacity);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }

  return {
    add(part) {
      if (length + part.length > limitBytes) throw new TooManyBytes();
      if (length === 0) {
        grant(part.length);
        only = part;
        length = part.length;
        return;
      }
      reserve(length + part.length);
      if (only !== undefined) only.copy(buffer);
      only = undefined;
      part.copy(buffer, length);
      length += part.length;
    },
    bytes: () => only ?? buffer.subarray(0, length),
  };
}
