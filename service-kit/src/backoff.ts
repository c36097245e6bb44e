/** The first wait, and what it doubles up to; milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly longest: number;
}

/** Wait before the given attempt to try again (1, 2, …), in milliseconds: doubling, without bound of attempts. */
export function backoffMs({ first, longest }: Backoff, attempt: number): number {
  return Math.min(first * 2 ** Math.min(attempt - 1, 40), longest);
}
