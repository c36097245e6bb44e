import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXT = /\.(js|css|html|svg)$/;
const MIN_BYTES = 1_024;

/**
 * Puts a .gz and a .br beside each text file, which the server sends, and holds the JavaScript to its budget.
 * @throws when all JavaScript together, in gzip, is larger than `budgetBytes`
 */
export function compressed({ budgetBytes }: { readonly budgetBytes: number }): Plugin {
  let outDir = '';
  return {
    name: 'shelfcast-compressed',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    async closeBundle(error) {
      if (error !== undefined) return;
      let jsBytes = 0;
      for (const name of await readdir(outDir, { recursive: true })) {
        if (!TEXT.test(name)) continue;
        const path = join(outDir, name);
        const content = await readFile(path);
        const gzip = gzipSync(content, { level: 9 });
        if (name.endsWith('.js')) jsBytes += gzip.length;
        if (content.length < MIN_BYTES) continue;
        await writeFile(`${path}.gz`, gzip);
        await writeFile(`${path}.br`, brotliCompressSync(content));
      }
      const says = `JavaScript: ${kB(jsBytes)} of ${kB(budgetBytes)} in gzip`;
      if (jsBytes > budgetBytes) throw new Error(`${says}: over the budget`);
      this.info(says);
    },
  };
}

function kB(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} kB`;
}
