import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request, RequestHandler } from 'express';
import type { ByteBudget } from './byte-budget.ts';
import { createCollector, TooManyBytes, TooManyParts } from './collector.ts';
import { Problem } from './problem.ts';

export interface BodyReaderOptions {
  readonly budget: ByteBudget;
  /** Name of the caller that was let in. */
  readonly callerOf: (request: Request) => string;
}

/**
 * Reads a body of any type as bytes, inflating gzip, deflate and br. `limitBytes` bounds what comes out of that,
 * so a small body that inflates to a large one ends with 413 as soon as it passes the bound.
 */
export type ReadBody = (limitBytes: number) => RequestHandler;

const RETRY_AFTER_SECONDS = 1;
/** What inflating takes beside the body, however short that is. */
const INFLATER_BYTES = 64 * 1024;

/**
 * What callers have sent and not been answered for is counted as it arrives, not as announced, and given back
 * with the answer or when they hang up: 429 for a caller with more than its share, 503 when all together have too much.
 * The first kilobytes of each body are free (see `createCollector`), so small requests that are not compressed are never
 * refused for that.
 */
export function createBodyReader({ budget, callerOf }: BodyReaderOptions): ReadBody {
  return (limitBytes) => (request, response, next) => {
    const openInflater = inflaterOf(request.headers['content-encoding']);
    if (openInflater === undefined && Number(request.headers['content-length']) > limitBytes) {
      throw tooLarge(limitBytes);
    }
    const caller = callerOf(request);
    let taken = 0;
    const grow = (bytes: number): void => {
      const full = budget.take(caller, bytes);
      if (full !== undefined) throw tooMuch(full);
      taken += bytes;
    };
    const collector = createCollector({ limitBytes, grow });
    if (openInflater !== undefined) grow(INFLATER_BYTES);
    const inflate = openInflater?.();
    const source: Readable = inflate === undefined ? request : request.pipe(inflate);
    const onData = (chunk: Buffer): void => {
      try {
        collector.add(chunk);
      } catch (error) {
        // No sender in good faith does that: the rest is not passed over part by part (see `errorHandler`).
        if (error instanceof TooManyParts) response.setHeader('connection', 'close');
        fail(refusalOf(error, limitBytes));
      }
    };
    function stopReading(): void {
      source.off('data', onData).off('end', onEnd);
      if (inflate !== undefined) {
        request.unpipe(inflate);
        inflate.destroy();
      }
    }
    function fail(error: unknown): void {
      stopReading();
      next(error);
    }
    function onEnd(): void {
      request.body = collector.bytes();
      next();
    }
    response.once('close', () => {
      // An inflater still has megabytes to hand over when the sender has hung up: they would be counted for ever.
      stopReading();
      budget.give(caller, taken);
    });
    source.on('data', onData);
    // Without an end the sender has hung up, and there is no answer to give.
    source.once('end', onEnd);
    inflate?.once('error', (cause) => {
      fail(new Problem('malformed', 'The body cannot be inflated', { cause }));
    });
  };
}

function inflaterOf(encoding = 'identity'): (() => Transform) | undefined {
  switch (encoding.toLowerCase()) {
    case 'identity':
      return undefined;
    case 'gzip':
      return createGunzip;
    case 'deflate':
      return createInflate;
    case 'br':
      return createBrotliDecompress;
    default:
      throw new Problem('unsupported-media-type', 'The body’s encoding is not supported');
  }
}

function refusalOf(error: unknown, limitBytes: number): unknown {
  if (error instanceof TooManyBytes) return tooLarge(limitBytes);
  if (error instanceof TooManyParts) {
    return new Problem('malformed', 'The body comes in too many small parts: send larger ones');
  }
  return error;
}

function tooLarge(limitBytes: number): Problem {
  return new Problem('too-large', `The body is larger than the ${limitBytes} bytes that are taken`);
}

function tooMuch(full: 'caller' | 'process'): Problem {
  const options = { retryAfterSeconds: RETRY_AFTER_SECONDS };
  return full === 'caller'
    ? new Problem('rate-limited', 'Too much of this caller is under way already', options)
    : new Problem('unavailable', 'Too much is under way already', options);
}

const NOTHING = Buffer.alloc(0);

/** The bytes that were read. */
export function bodyOf(request: { readonly body?: unknown }): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : NOTHING;
}
