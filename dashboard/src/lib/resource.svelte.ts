import { untrack } from 'svelte';
import type { ApiError } from './api/problem.ts';
import { toApiError } from './api/problem.ts';
import type { Query } from './api/request.ts';
import { both, failed, known, LOADING, type Loaded } from './loaded.ts';

export interface ResourceOptions {
  /** What could not be done when it fails, as a sentence: `The lag could not be read`. */
  readonly what: string;
  /** Asks again this long after an answer, in milliseconds, while the page is looked at; undefined: only when told to. */
  readonly everyMs?: number | (() => number | undefined);
}

/** An answer that is loaded, shown, and loaded again. */
export interface Resource<T> {
  /** A value stays until there is a newer one, or until something else is asked. */
  readonly loaded: Loaded<T>;
  /** Of the last attempt, which may have come after a value; undefined after one that succeeded. */
  readonly error: ApiError | undefined;
  /** What could not be done when there is an error. */
  readonly what: string;
  readonly isLoading: boolean;
  /** Whether it is asked again by itself. */
  readonly isPolled: boolean;
  /** When the value was answered, Unix milliseconds. */
  readonly atMs: number | undefined;
  /** Asks again; an answer that is still under way is no longer waited for: it may be older than what made us ask. */
  reload(): void;
}

/**
 * Loads what `ask` returns, again whenever that is another query. An answer belongs to the query it was given to: as
 * soon as another one is asked, what was answered before is unknown. Call it while a component is set up:
 * `const summary = createResource(() => monitor.summary(range), { what: 'The figures could not be read' })`.
 * @param ask undefined while there is nothing to ask
 */
export function createResource<T>(
  ask: () => Query<T> | undefined,
  { what, everyMs }: ResourceOptions,
): Resource<T> {
  const query = $derived(ask());
  const key = $derived(query?.key);
  let answer: { readonly key: string; readonly value: T; readonly atMs: number } | undefined =
    $state.raw();
  let failure: { readonly key: string; readonly error: ApiError } | undefined = $state.raw();
  let isLoading = $state(true);
  let round = $state.raw({});
  let underWay: AbortController | undefined;
  const own = $derived(answer?.key === key ? answer : undefined);
  const error = $derived(failure?.key === key ? failure?.error : undefined);
  const loaded: Loaded<T> = $derived(
    own !== undefined ? known(own.value) : error !== undefined ? failed(error) : LOADING,
  );
  const intervalMs = $derived(typeof everyMs === 'function' ? everyMs() : everyMs);

  $effect(() => {
    void round;
    const asked = key;
    if (asked === undefined) return;
    const ended = new AbortController();
    underWay = ended;
    isLoading = true;
    void untrack(() => query)
      ?.run(ended.signal)
      .then(
        (value) => {
          if (ended.signal.aborted) return;
          answer = { key: asked, value, atMs: Date.now() };
          failure = undefined;
          isLoading = false;
        },
        (reason: unknown) => {
          if (ended.signal.aborted) return;
          failure = { key: asked, error: toApiError(reason) };
          isLoading = false;
        },
      );
    return () => ended.abort();
  });
  $effect(() => {
    if (intervalMs === undefined || isLoading) return;
    const ms = intervalMs;
    let timer = setTimeout(next, ms);
    function next(): void {
      if (document.hidden) timer = setTimeout(next, ms);
      else reload();
    }
    return () => clearTimeout(timer);
  });
  function reload(): void {
    underWay?.abort();
    round = {};
  }

  return {
    what,
    reload,
    get loaded() {
      return loaded;
    },
    get error() {
      return error;
    },
    get isLoading() {
      return isLoading;
    },
    get isPolled() {
      return intervalMs !== undefined;
    },
    get atMs() {
      return own?.atMs;
    },
  };
}

/** The same resource with a value that follows from its own, and perhaps from others. */
export function derivedFrom<T>(
  resource: Resource<unknown>,
  {
    loaded,
    error = () => resource.error,
  }: { readonly loaded: () => Loaded<T>; readonly error?: () => ApiError | undefined },
): Resource<T> {
  return {
    what: resource.what,
    reload: resource.reload,
    get loaded() {
      return loaded();
    },
    get error() {
      return error();
    },
    get isLoading() {
      return resource.isLoading;
    },
    get isPolled() {
      return resource.isPolled;
    },
    get atMs() {
      return resource.atMs;
    },
  };
}

/** Two answers as one, for what is drawn from both: known when both are, and reloaded together. */
export function joined<A, B>(a: Resource<A>, b: Resource<B>): Resource<readonly [A, B]> {
  const loaded = $derived(both(a.loaded, b.loaded));
  const wrong = $derived(a.error !== undefined ? a : b);
  return {
    get loaded() {
      return loaded;
    },
    get error() {
      return wrong.error;
    },
    get what() {
      return wrong.what;
    },
    get isLoading() {
      return a.isLoading || b.isLoading;
    },
    get isPolled() {
      return wrong.isPolled;
    },
    get atMs() {
      return a.atMs === undefined || b.atMs === undefined ? undefined : Math.min(a.atMs, b.atMs);
    },
    reload() {
      a.reload();
      b.reload();
    },
  };
}
