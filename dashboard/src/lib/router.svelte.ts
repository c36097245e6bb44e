import { matchRoute, patchQuery, type QueryPatch, type Route } from './routes.ts';

/** Where the page is: path and query of the address bar, as state. */
export class Router {
  #url = $state.raw(new URL(location.href));
  /** Undefined: the path is no view. */
  readonly route: Route | undefined = $derived(matchRoute(this.#url.pathname));
  readonly query: URLSearchParams = $derived(this.#url.searchParams);
  readonly path: string = $derived(this.#url.pathname);

  /** Goes to an address of ours; `replace` leaves no step in the history. */
  go(href: string, { replace = false }: { readonly replace?: boolean } = {}): void {
    if (replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    this.#url = new URL(location.href);
  }

  /** One value of the query; empty when it is not there. */
  get(name: string): string {
    return this.query.get(name) ?? '';
  }

  /** Changes the query and stays on the view. Filters replace the history's step, opening something adds one. */
  set(patch: QueryPatch, { replace = true }: { readonly replace?: boolean } = {}): void {
    this.go(this.hrefWith(patch), { replace });
  }

  /** The present address with another query. */
  hrefWith(patch: QueryPatch): string {
    const text = patchQuery(this.query, patch).toString();
    return text === '' ? this.path : `${this.path}?${text}`;
  }

  /** Follows links and the browser's buttons until the returned function is called. */
  listen(): () => void {
    const ended = new AbortController();
    const { signal } = ended;
    addEventListener(
      'popstate',
      () => {
        this.#url = new URL(location.href);
      },
      { signal },
    );
    addEventListener('click', (event) => this.#follow(event), { signal });
    return () => ended.abort();
  }

  #follow(event: MouseEvent): void {
    const isPlain =
      event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (event.defaultPrevented || !isPlain || !(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (link === null || link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || matchRoute(link.pathname) === undefined) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    event.preventDefault();
    this.go(link.href);
  }
}
