import { type RequestHandler, Router } from 'express';
import { accessOf, type RouteAccess } from './access.ts';
import { methodNotAllowed } from './method-not-allowed.ts';

export interface AboutOptions {
  /** What answers here: `Shelfcast monitor`. */
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  /** Addresses by what they are; one without an address is left out. */
  readonly links: Readonly<Record<string, string | undefined>>;
}

/** GET /: where a person is, and where to go; HTML for browsers, JSON with all routes for programs. Anyone may ask. */
export function aboutRoute({ title, summary, links }: AboutOptions): RequestHandler {
  const known = Object.entries(links).flatMap(([name, address]) =>
    address === undefined ? [] : [[name, address] as const],
  );
  const items = known.map(
    ([name, address]) => `<li><a href="${escaped(address)}">${escaped(name)}</a></li>`,
  );
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body><h1>${escaped(title)}</h1><p>${escaped(summary)}</p><ul>${items.join('')}</ul></body></html>`;
  const body = { title, summary, links: Object.fromEntries(known) };
  let routes: readonly RouteAccess[] | undefined;
  return Router()
    .get('/', (request, response) => {
      response.vary('accept');
      if (request.accepts(['json', 'html']) === 'html') response.type('html').send(page);
      else {
        routes ??= accessOf(request.app);
        response.json({ ...body, routes });
      }
    })
    .all('/', methodNotAllowed('GET', 'HEAD'));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
