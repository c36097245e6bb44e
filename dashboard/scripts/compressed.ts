import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

const TEXT = /\.(js|css|html|svg)$/;
const MIN_BYTES = 1_024;

/**
 * Puts a .gz and a .br beside each text file, which the server sends, and holds the JavaScript to its budget.
 * @throws when what any one view loads, the entry included, is larger than `budgetBytes` in gzip
 */
export function compressed({ budgetBytes }: { readonly budgetBytes: number }): Plugin {
  let outDir = '';
  let loads: readonly ReadonlySet<string>[] = [];
  return {
    name: 'shelfcast-compressed',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    generateBundle(_options, bundle) {
      loads = loadsOf(bundle);
    },
    async closeBundle(error) {
      if (error !== undefined) return;
      const sizes = new Map<string, number>();
      for (const name of await readdir(outDir, { recursive: true })) {
        if (!TEXT.test(name)) continue;
        const path = join(outDir, name);
        const content = await readFile(path);
        const gzip = gzipSync(content, { level: 9 });
        sizes.set(name, gzip.length);
        if (content.length < MIN_BYTES) continue;
        await writeFile(`${path}.gz`, gzip);
        await writeFile(`${path}.br`, brotliCompressSync(content));
      }
      const bytesOf = (names: Iterable<string>): number =>
        [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      const largest = Math.max(...loads.map(bytesOf));
      const all = bytesOf([...sizes.keys()].filter((name) => name.endsWith('.js')));
      const summary = `JavaScript: ${kB(largest)} of ${kB(budgetBytes)} in gzip for the largest view, ${kB(all)} for all`;
      if (largest > budgetBytes) throw new Error(`${summary}: over the budget`);
      this.info(summary);
    },
  };
}

/** The files that the page loads to show each of the parts that are loaded when they are needed. */
function loadsOf(bundle: Rollup.OutputBundle): ReadonlySet<string>[] {
  const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const add = (name: string, names: Set<string>): Set<string> => {
    if (names.has(name)) return names;
    names.add(name);
    for (const imported of byName.get(name)?.imports ?? []) add(imported, names);
    return names;
  };
  const entries = chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);
  const parts = chunks.filter(({ isDynamicEntry }) => isDynamicEntry);
  return parts.map(({ fileName }) => {
    const names = add(fileName, new Set());
    for (const entry of entries) add(entry, names);
    return names;
  });
}

function kB(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} kB`;
}
