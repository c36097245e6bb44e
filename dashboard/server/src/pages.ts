import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Router } from 'express';
import type { HelmetOptions } from 'helmet';
import sirv from 'sirv';

/** Where Vite puts the pages: `src/` and `dist/` lie at the same depth. */
export const PAGES_DIR = fileURLToPath(new URL('../../dist-pages', import.meta.url));

const ASSETS = '/assets/';
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** What pages may do: load their own files, and talk to this address. Nothing inline, nothing evaluated. */
export const pageSecurity: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      fontSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
};

/**
 * The pages' files. Those under /assets/ have their content's hash in the name and are kept for good; everything else
 * is asked for again each time. Paths that name no file are views, which the one page shows.
 */
export function pages(dir: string): Router {
  const files = {
    gzip: true,
    brotli: true,
    etag: true,
    setHeaders: (response: ServerResponse, path: string) =>
      void response.setHeader('cache-control', path.startsWith(ASSETS) ? FOR_GOOD : 'no-cache'),
  };
  const file = sirv(dir, files);
  // By default a path with a dot in it is no view: `/topics/pis.public.products` is one.
  const fileOrPage = sirv(dir, { ...files, single: true, ignores: false });
  return Router().get(/.*/, (request, response, next) => {
    const serve = request.path.startsWith(ASSETS) ? file : fileOrPage;
    serve(request, response, () => next());
  });
}
