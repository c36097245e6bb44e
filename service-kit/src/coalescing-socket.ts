import { Socket } from 'node:net';

type Written = (error?: Error | null) => void;

/**
 * Writes what is sent in one turn of the event loop at once: statements that travel together cost one system call, and
 * wake their receiver once.
 */
export class CoalescingSocket extends Socket {
  private gathering = false;

  override write(chunk: Uint8Array | string, written?: Written): boolean;
  override write(chunk: Uint8Array | string, encoding?: BufferEncoding, written?: Written): boolean;
  override write(
    chunk: Uint8Array | string,
    encoding?: BufferEncoding | Written,
    written?: Written,
  ): boolean {
    if (!this.gathering) {
      this.gathering = true;
      this.cork();
      process.nextTick(() => {
        this.gathering = false;
        this.uncork();
      });
    }
    if (typeof encoding === 'function') return super.write(chunk, encoding);
    return super.write(chunk, encoding, written);
  }
}
