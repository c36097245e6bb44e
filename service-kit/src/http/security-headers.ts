import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

/**
 * Sets what helmet sets, which is the same for every answer: helmet is asked once, instead of thirteen functions for
 * each request.
 * @param options helmet's, for what serves more than JSON
 */
export function securityHeaders(options: HelmetOptions = {}): RequestHandler {
  const sample = new ServerResponse(new IncomingMessage(new Socket()));
  helmet(options)(sample.req, sample, (error) => {
    if (error) throw error;
  });
  const headers = Object.entries(sample.getHeaders())
    // It is for what ends TLS to say, of its own names; here it would bind every name below this one.
    .filter(([name]) => name !== 'strict-transport-security')
    .map(([name, value]) => [name, String(value)] as const);
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}
