import type { ApiError } from './api/problem.ts';

/**
 * What is known of an answer. Only a value can be empty, none or zero: what is still loading, and what failed, is
 * unknown, and nothing may be drawn or done as if it were none.
 */
export type Loaded<T> =
  | { readonly name: 'loading' }
  | { readonly name: 'failed'; readonly error: ApiError }
  | { readonly name: 'value'; readonly value: T };

export type Unknown = Exclude<Loaded<unknown>, { readonly name: 'value' }>;

export const LOADING: Unknown = { name: 'loading' };

export function failed(error: ApiError): Unknown {
  return { name: 'failed', error };
}

export function known<T>(value: T): Loaded<T> {
  return { name: 'value', value };
}

/** The value that follows from another; what is unknown stays so. */
export function mapLoaded<A, B>(loaded: Loaded<A>, map: (value: A) => B): Loaded<B> {
  return loaded.name === 'value' ? known(map(loaded.value)) : loaded;
}

/** Two values as one, known when both are; one that failed tells before one that is still loading. */
export function both<A, B>(a: Loaded<A>, b: Loaded<B>): Loaded<readonly [A, B]> {
  if (a.name === 'value' && b.name === 'value') return known([a.value, b.value]);
  if (a.name === 'failed') return a;
  if (b.name === 'failed') return b;
  return LOADING;
}

/** An answer of which a 404 says that there is no such thing: then null is known. */
export function absentAsNull<T>(loaded: Loaded<T>): Loaded<T | null> {
  return loaded.name === 'failed' && loaded.error.status === 404 ? known(null) : loaded;
}

/** The value, or undefined while it is unknown: for what leaves a place open, never for what would say `none`. */
export function knownValue<T>(loaded: Loaded<T>): T | undefined {
  return loaded.name === 'value' ? loaded.value : undefined;
}

/** Unknown as the end of a sentence: `not known yet`, or that it could not be asked. */
export function describeUnknown({ name }: Unknown): string {
  return name === 'loading' ? 'not known yet' : 'not known';
}
