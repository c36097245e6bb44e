import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { print, printError } from '@shelfcast/service-kit/process/print';
import { type NewConsumer, newConsumer, Refusal } from './names.ts';
import { type Plan, planConsumer } from './plan.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

try {
  const consumer = newConsumer({
    name: process.env.NAME,
    table: process.env.TABLE,
    column: process.env.COLUMN,
  });
  const plan = planConsumer(root, consumer);
  write(plan);
  print(nextSteps(consumer, plan));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  printError(error.message);
  process.exitCode = 1;
}

function write(plan: Plan): void {
  for (const [path, text] of plan) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  // Where a line breaks depends on the length of the names.
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const sources = [...plan.keys()].filter((path) => path.endsWith('.ts'));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [biome, 'check', '--write', ...sources],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the new files could not be formatted: ${stdout}${stderr}`);
}

function nextSteps({ name, table }: NewConsumer, plan: Plan): string {
  return `Written:
${[...plan.keys()].map((path) => `  ${path}`).join('\n')}

Next:
  make test TESTS=${name}
      its tests, and those whose path has the same word
  make stop && make start
      the local stack, with ${name} in it
${
  table === 'public.products'
    ? ''
    : `  make connector-add-table TABLE=${table}
      captures the table, or says that it is captured; until then ${name} waits for its topic
`
}  make psql DB=consumers SQL="select * from ${name}.items limit 5"
      what it has made of the changes

docs/writing-a-consumer.md says what to write in place of the template.`;
}
