import { fileURLToPath } from 'node:url';

/** The checkout's root: `src/` and `dist/` lie at the same depth, so this holds from source and when built. */
export const checkoutRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Whether this code runs from its TypeScript source (tests) rather than from `dist/`. */
export const runsFromSource = import.meta.url.endsWith('.ts');

/** How to run another of the checkout's modules in a Node of its own, the way this one runs. */
export function nodeCommand(
  workspace: string,
  module: string,
): { command: string; args: string[] } {
  const file = runsFromSource ? `${workspace}/src/${module}.ts` : `${workspace}/dist/${module}.js`;
  const loader = runsFromSource ? ['--conditions=source', '--import', 'tsx'] : [];
  return { command: process.execPath, args: [...loader, `${checkoutRoot}${file}`] };
}
