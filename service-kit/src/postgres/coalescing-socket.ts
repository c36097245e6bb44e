import { Socket, type SocketConnectOpts } from 'node:net';

type Written = (error?: Error | null) => void;

/**
 * Writes what is sent in one turn of the event loop at once: statements that travel together cost one system call, and
 * wake their receiver once.
 */
export class CoalescingSocket extends Socket {
  private gathering = false;

  override connect(options: SocketConnectOpts, onConnect?: () => void): this;
  override connect(port: number, host: string, onConnect?: () => void): this;
  override connect(port: number, onConnect?: () => void): this;
  override connect(path: string, onConnect?: () => void): this;
  override connect(...where: unknown[]): this {
    Reflect.apply(super.connect, this, where);
    // It sets `write` back to net.Socket's own, also in a subclass (Node 20 to 24).
    this.write = this.gather;
    return this;
  }

  private gather(
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
