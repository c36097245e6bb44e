import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { generateTypes } from './generate.ts';

const CONTRACTS = new URL('../../avro/', import.meta.url);
const GENERATED = new URL('../generated/', import.meta.url);
const USAGE = 'usage: codegen [--check]';

/** Writes `src/generated/*.ts` from `avro/*.avsc`; with --check only says what is stale. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  await mkdir(GENERATED, { recursive: true });
  const wanted = new Map<string, string>();
  for (const fileName of (await readdir(CONTRACTS)).filter((name) => name.endsWith('.avsc'))) {
    const text = await readFile(new URL(fileName, CONTRACTS), 'utf8');
    wanted.set(fileName.replace(/\.avsc$/, '.ts'), generateTypes(fileName, text));
  }

  const present = (await readdir(GENERATED)).filter((name) => name.endsWith('.ts'));
  const leftOver = present.filter((name) => !wanted.has(name));
  const stale: string[] = [...leftOver];
  for (const [name, text] of wanted) {
    const now = present.includes(name)
      ? await readFile(new URL(name, GENERATED), 'utf8')
      : undefined;
    if (now !== text) stale.push(name);
  }
  if (values.check) {
    for (const name of stale)
      console.error(`schemas/src/generated/${name} is stale: run make codegen`);
    return stale.length === 0 ? 0 : 1;
  }
  for (const name of leftOver) await rm(new URL(name, GENERATED));
  for (const [name, text] of wanted) await writeFile(new URL(name, GENERATED), text);
  console.log(`${wanted.size} contracts, ${stale.length} files changed`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 1;
}
