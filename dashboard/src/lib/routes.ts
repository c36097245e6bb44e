/** Every view's address; `:id` stands for one encoded step. */
export const ROUTES = {
  overview: '/',
  live: '/live',
  products: '/products',
  product: '/products/:id',
  event: '/events/:id',
  consumers: '/consumers',
  source: '/source',
  deadLetters: '/dead-letters',
  deadLetter: '/dead-letters/:id',
  topics: '/topics',
  topic: '/topics/:id',
  send: '/send',
  alerts: '/alerts',
  audit: '/audit',
} as const;

export type RouteName = keyof typeof ROUTES;

export interface Route {
  readonly name: RouteName;
  /** The product, event, dead letter or topic that the view is about; empty for lists. */
  readonly id: string;
}

/** What a query is given as; null and empty values are left out. */
export type QueryPatch = Readonly<Record<string, string | number | null | undefined>>;

/** Which view a path is, or undefined for a path that is none. */
export function matchRoute(pathname: string): Route | undefined {
  const steps = pathname.split('/').filter((step) => step !== '');
  for (const name of routeNames) {
    const pattern = ROUTES[name].split('/').filter((step) => step !== '');
    if (pattern.length !== steps.length) continue;
    if (!pattern.every((step, index) => step === ':id' || step === steps[index])) continue;
    const id = decode(steps[pattern.indexOf(':id')] ?? '');
    return id === undefined ? undefined : { name, id };
  }
  return undefined;
}

/** The address of a view: `hrefOf('product', { id: 'P-1', query: { range: '1h' } })`. */
export function hrefOf(
  name: RouteName,
  { id = '', query = {} }: { readonly id?: string; readonly query?: QueryPatch } = {},
): string {
  const path = ROUTES[name].replace(':id', encodeURIComponent(id));
  const text = patchQuery(new URLSearchParams(), query).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A copy of `query` with the members of `patch` in place of its own; null and empty ones are removed. */
export function patchQuery(query: URLSearchParams, patch: QueryPatch): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined || value === '') next.delete(name);
    else next.set(name, `${value}`);
  }
  return next;
}

function isRouteName(name: string): name is RouteName {
  return name in ROUTES;
}

const routeNames = Object.keys(ROUTES).filter(isRouteName);

function decode(step: string): string | undefined {
  try {
    return decodeURIComponent(step);
  } catch {
    return undefined;
  }
}
