export interface CollectorOptions {
  readonly limitBytes: number;
  /** Asked for memory beyond what each body has for free; throws when there is none. */
  readonly grow: (bytes: number) => void;
}

/** Puts the parts of a body together. */
export interface Collector {
  /** @throws {TooManyBytes} beyond the limit; {TooManyParts}; what `grow` throws */
  add(part: Buffer): void;
  bytes(): Buffer;
}

/** A body is larger than its limit. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes';
  readonly code = 'TOO_MANY_BYTES';
  readonly retriable = false;
}

/** A body comes in more parts than any sender in good faith makes of it. */
export class TooManyParts extends Error {
  override readonly name = 'TooManyParts';
  readonly code = 'TOO_MANY_PARTS';
  readonly retriable = false;
}

/**
 * Parts of a body of so many bytes at most. Each costs its parser microseconds, even one of a single byte: 300,000 chunks
 * of a byte hold all callers up for most of a second. Half a kilobyte each is what the smallest packets bring.
 */
const mostPartsOf = (limitBytes: number): number => Math.max(10_000, limitBytes / 512);
const BLOCK_BYTES = 8 * 1024;
/** What a body may take without being counted: up to a block however it is cut, up to two in one part. */
const FREE_BYTES = 2 * BLOCK_BYTES;

/**
 * Keeps large parts as they came and copies small ones into blocks: as a list, a body that comes byte by byte would take
 * a hundred times its size, and one buffer that grows would be copied, and leave its old ones behind, again and again.
 */
export function createCollector({ limitBytes, grow }: CollectorOptions): Collector {
  const maxParts = mostPartsOf(limitBytes);
  const whole: Buffer[] = [];
  let block = Buffer.alloc(0);
  let filled = 0;
  let length = 0;
  let held = 0;
  let granted = FREE_BYTES;
  let parts = 0;

  /** Counts memory before it is taken. */
  function hold(bytes: number): void {
    if (held + bytes > granted) {
      grow(held + bytes - granted);
      granted = held + bytes;
    }
    held += bytes;
  }
  function endBlock(): void {
    if (filled > 0) whole.push(block.subarray(0, filled));
    block = block.subarray(filled);
    filled = 0;
  }

  return {
    add(part) {
      if (length + part.length > limitBytes) throw new TooManyBytes();
      parts += 1;
      if (parts > maxParts) throw new TooManyParts();
      if (parts === 1 || part.length >= BLOCK_BYTES) {
        hold(part.length);
        endBlock();
        whole.push(part);
      } else {
        if (filled + part.length > block.length) {
          hold(BLOCK_BYTES);
          endBlock();
          block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
        }
        part.copy(block, filled);
        filled += part.length;
      }
      length += part.length;
    },
    bytes() {
      endBlock();
      const [only] = whole;
      return only !== undefined && whole.length === 1 ? only : Buffer.concat(whole, length);
    },
  };
}
