import type { ApiError } from './api/problem.ts';
import { toApiError } from './api/problem.ts';

export interface ResourceOptions {
  /** Asks again this often, in milliseconds, while the page is looked at; default: only when told to. */
  readonly everyMs?: number;
}

/** An answer that is loaded, shown, and loaded again. What was there stays on show until there is something newer. */
export interface Resource<T> {
  readonly data: T | undefined;
  /** Of the last attempt; undefined after one that succeeded. */
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** When `data` was answered, Unix milliseconds. */
  readonly atMs: number | undefined;
  reload(): void;
}

/**
 * Loads what `ask` returns, again whenever the state that `ask` reads changes. Call it while a component is set up:
 * `const summary = createResource(() => monitor.summary(range()), { everyMs: 5_000 })`.
 */
export function createResource<T>(
  ask: () => (signal: AbortSignal) => Promise<T>,
  { everyMs }: ResourceOptions = {},
): Resource<T> {
  let data: T | undefined = $state.raw();
  let error: ApiError | undefined = $state.raw();
  let isLoading = $state(true);
  let atMs: number | undefined = $state();
  let reload = (): void => {};

  $effect(() => {
    const load = ask();
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function run(): Promise<void> {
      clearTimeout(timer);
      isLoading = true;
      try {
        const answer = await load(ended.signal);
        if (ended.signal.aborted) return;
        data = answer;
        error = undefined;
        atMs = Date.now();
      } catch (failure) {
        if (ended.signal.aborted) return;
        error = toApiError(failure);
      }
      isLoading = false;
      if (everyMs !== undefined) timer = setTimeout(next, everyMs);
    }
    function next(): void {
      if (!document.hidden) void run();
      else if (everyMs !== undefined) timer = setTimeout(next, everyMs);
    }
    reload = () => void run();
    void run();
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  });

  return {
    get data() {
      return data;
    },
    get error() {
      return error;
    },
    get isLoading() {
      return isLoading;
    },
    get atMs() {
      return atMs;
    },
    reload: () => reload(),
  };
}
