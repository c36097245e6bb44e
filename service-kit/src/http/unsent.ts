import type { ServerResponse } from 'node:http';

export interface UnsentOptions {
  /** Bytes of answers that may wait in this process for their readers, all together. */
  readonly maxBytes: number;
  /** How often that is looked at. */
  readonly everyMs: number;
}

/** Bounds what waits for readers that do not read. */
export interface Unsent {
  watch(response: ServerResponse): void;
  stop(): void;
}

/** While more waits than may, the connections with the most of it are cut: who reads soon has nothing waiting. */
export function boundUnsent({ maxBytes, everyMs }: UnsentOptions): Unsent {
  const open = new Set<ServerResponse>();

  function look(): void {
    const waiting = [...open]
      .map((response) => ({ response, bytes: response.writableLength }))
      .filter(({ bytes }) => bytes > 0)
      .sort((one, other) => other.bytes - one.bytes);
    let total = waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { response, bytes } of waiting) {
      if (total <= maxBytes) return;
      response.destroy();
      total -= bytes;
    }
  }

  const timer = setInterval(look, everyMs);
  timer.unref();
  return {
    watch(response) {
      open.add(response);
      response.once('close', () => open.delete(response));
    },
    stop: () => clearInterval(timer),
  };
}
