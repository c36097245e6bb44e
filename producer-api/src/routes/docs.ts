import { readFileSync } from 'node:fs';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import swaggerUi from 'swagger-ui-dist';
import { asyncApi } from '../docs/asyncapi.ts';
import { openApi } from '../docs/openapi.ts';
import { type PublishableSources, publishableContracts } from '../docs/publishable.ts';

export interface DocsRoutesOptions extends PublishableSources {
  readonly authorizer: Pick<Authorizer, 'require' | 'isOpen'>;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: RequestHandler;
}

const FILES = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

/** GET /openapi.json and /asyncapi.json, of the topics that there are now; GET /docs, where they can be tried. */
export function docsRoutes({ authorizer, turns, ...sources }: DocsRoutesOptions): Router {
  const viewer: RequestHandler[] = [authorizer.require('viewer'), turns];
  const page = readFileSync(new URL('../../src/docs/page.html', import.meta.url), 'utf8');
  const script = readFileSync(new URL('../../src/docs/page.js', import.meta.url), 'utf8');
  return (
    Router()
      .get('/openapi.json', ...viewer, async (_request, response) => {
        const contracts = await publishableContracts(sources);
        response.json(openApi({ contracts, secured: !authorizer.isOpen }));
      })
      .get('/asyncapi.json', ...viewer, async (_request, response) => {
        response.json(asyncApi(await publishableContracts(sources)));
      })
      // Everything it needs comes from here; the page's own library sets styles on elements.
      .use(
        '/docs',
        helmet.contentSecurityPolicy({
          directives: {
            styleSrc: ["'self'", "'unsafe-inline'"],
            imgSrc: ["'self'", 'data:'],
            upgradeInsecureRequests: null,
          },
        }),
      )
      .get('/docs', (_request, response) => void response.type('html').send(page))
      .get('/docs/page.js', (_request, response) => void response.type('js').send(script))
      .get('/docs/:file', (request, response, next) => {
        const { file } = request.params;
        if (FILES.has(file)) response.sendFile(file, { root: swaggerUi.absolutePath() });
        else next();
      })
  );
}
