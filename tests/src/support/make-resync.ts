import { makeTarget } from './make-target.ts';

/** As a person would; resolves when it has ended, with all it said. */
export function makeResync(
  variables: Record<string, string>,
): Promise<{ status: number | null; output: string }> {
  return makeTarget('resync', variables);
}
