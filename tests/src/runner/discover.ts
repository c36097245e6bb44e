import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * What a file needs: `unit` nothing, `e2e` the stack of its lane to itself, `alone` the machine as well (it puts a load
 * on the stack, or measures), `own-stack` the machine, and starts what else it needs.
 */
export type TestKind = 'unit' | 'e2e' | 'alone' | 'own-stack';

export interface TestFile {
  readonly kind: TestKind;
  /** Path from the root of the search, with forward slashes. */
  readonly path: string;
}

/** How a file's name says what it needs; the first match counts. */
const KINDS: readonly { readonly kind: TestKind; readonly pattern: RegExp }[] = [
  { kind: 'unit', pattern: /(^|\/)src\/.*\.test\.ts$/ },
  { kind: 'own-stack', pattern: /^tests\/src\/.*\.own-stack\.e2e\.ts$/ },
  { kind: 'alone', pattern: /^tests\/src\/.*\.alone\.e2e\.ts$/ },
  { kind: 'e2e', pattern: /^tests\/src\/.*\.e2e\.ts$/ },
];

const FOLDERS_WITHOUT_TESTS = new Set(['node_modules', 'dist', 'target', 'coverage']);

/**
 * Finds test files below `root`: `*.test.ts` in any `src` folder, and in `tests/src` `*.e2e.ts`, `*.alone.e2e.ts`, `*.own-stack.e2e.ts`.
 * Built, installed and hidden folders are passed over. Sorted by path.
 */
export async function discoverTests(root: string): Promise<TestFile[]> {
  const found: TestFile[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        const hidden = entry.name.startsWith('.');
        if (!hidden && !FOLDERS_WITHOUT_TESTS.has(entry.name)) folders.push(path);
      } else if (entry.isFile()) {
        const relativePath = relative(root, path).split(sep).join('/');
        const kind = kindOf(relativePath);
        if (kind !== undefined) found.push({ kind, path: relativePath });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Where `tsc --build` puts what it makes of a source file. */
export function compiledPath(path: string): string {
  return path.replace(/(^|\/)src\//, '$1dist/').replace(/\.ts$/, '.js');
}

function kindOf(path: string): TestKind | undefined {
  return KINDS.find(({ pattern }) => pattern.test(path))?.kind;
}

/**
 * Keeps the files whose path contains one of the filters (all of them when there is no filter), and names
 * the filters that no file matches: a run that tests nothing must not look like one that passed.
 */
export function selectTests(
  files: readonly TestFile[],
  { kind, filters }: { readonly kind: 'unit' | 'e2e' | 'all'; readonly filters: readonly string[] },
): { readonly selected: TestFile[]; readonly unmatched: string[] } {
  const ofKind = files.filter(
    (file) => kind === 'all' || (file.kind === 'unit') === (kind === 'unit'),
  );
  const matches = (filter: string) => ofKind.filter((file) => file.path.includes(filter));
  return {
    selected: ofKind.filter(
      (file) => filters.length === 0 || filters.some((filter) => file.path.includes(filter)),
    ),
    unmatched: filters.filter((filter) => matches(filter).length === 0),
  };
}
