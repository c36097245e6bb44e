import type { IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';

/**
 * Reads the body as bytes, whatever its type, inflating gzip and deflate. `limitBytes` bounds what comes out
 * of that, so a small body that inflates to a large one ends with 413 as soon as it passes the bound.
 */
export function readBody(limitBytes: number): RequestHandler {
  const readAny = express.raw({ type: () => true, limit: limitBytes, inflate: true });
  return (request, response, next) => {
    if (!isPlain(request, limitBytes)) {
      readAny(request, response, next);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Without an end the sender has hung up, and nobody waits for an answer.
    request.once('end', () => {
      const [first = NOTHING] = chunks;
      request.body = chunks.length > 1 ? Buffer.concat(chunks) : first;
      next();
    });
  };
}

/** Bytes as they are, in a known number that Node holds the sender to: nothing is left to be checked. */
function isPlain({ headers }: IncomingMessage, limitBytes: number): boolean {
  return (
    headers['content-encoding'] === undefined && Number(headers['content-length']) <= limitBytes
  );
}

const NOTHING = Buffer.alloc(0);

/** The bytes that `readBody` read. */
export function bodyOf(request: { readonly body?: unknown }): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : NOTHING;
}
