import { Router } from 'express';
import type { Upstream } from './upstream.ts';

export interface ForwardingOptions {
  readonly monitor: Pick<Upstream, 'forward'>;
  readonly producer: Pick<Upstream, 'forward'>;
}

/** `/api` and `/socket.io` go to the monitor as they are, `/producer/…` to the producer API without that prefix. */
export function forwarding({ monitor, producer }: ForwardingOptions): Router {
  // Express takes the prefix of `use` off the path, which the monitor needs.
  return Router()
    .use('/producer', producer.forward)
    .use(['/api', '/socket.io'], (request, response, next) => {
      request.url = request.originalUrl;
      monitor.forward(request, response, next);
    });
}
