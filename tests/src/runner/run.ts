import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runAll } from './run-all.ts';

const USAGE =
  'usage: run.ts [--kind unit|e2e|all] [--timeout-min minutes] [--file-timeout-min minutes] [--lanes number] [--compiled] [--root folder] [path filter…]';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => controller.abort());
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kind: { type: 'string', default: 'all' },
      'timeout-min': { type: 'string', default: '10' },
      'file-timeout-min': { type: 'string', default: '5' },
      lanes: { type: 'string', default: `${Math.min(2, availableParallelism())}` },
      compiled: { type: 'boolean', default: false },
      root: { type: 'string', default: process.cwd() },
    },
  });
  const { kind } = values;
  if (kind !== 'unit' && kind !== 'e2e' && kind !== 'all') {
    throw new Error(`--kind is unit, e2e or all, not ${kind}`);
  }
  process.exitCode = await runAll({
    kind,
    root: values.root,
    filters: positionals,
    compiled: values.compiled,
    lanes: positive('--lanes', values.lanes),
    timeoutMs: minutes('--timeout-min', values['timeout-min']),
    fileTimeoutMs: minutes('--file-timeout-min', values['file-timeout-min']),
    env: process.env,
    signal: controller.signal,
    write: (text) => process.stdout.write(text),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 1;
}

function minutes(option: string, text: string): number {
  return positive(option, text) * 60_000;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} is a number above 0, not ${text}`);
  return value;
}
