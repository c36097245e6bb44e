import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openContext } from './context.ts';
import {
  type BurstResult,
  type CatchUpResult,
  measureBurst,
  measureCatchUp,
} from './measure-burst.ts';
import { type LatencyResult, measureLatency } from './measure-latency.ts';
import { type MonitorResult, measureMonitor } from './measure-monitor.ts';
import { measureProducerApi, type ProducerApiResult } from './measure-producer-api.ts';
import { type BenchResults, describeResults } from './report.ts';
import { prepareRows, removeRows } from './rows.ts';
import { ownStack, runningStack } from './stack.ts';
import { type Log, mib } from './view.ts';

const SCENARIOS = [
  'latency',
  'low-latency',
  'burst',
  'catch-up',
  'producer-api',
  'monitor-ingest',
] as const;
/** Of callers of the producer API, as many as its budget speaks of. */
const CONNECTIONS = 16;
type Scenario = (typeof SCENARIOS)[number];

interface Options {
  readonly stack: 'own' | 'running';
  readonly only: readonly Scenario[];
  readonly rate: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly warmUpChanges: number;
  readonly changes: number;
  readonly perTransaction: number;
  readonly rows: number;
  readonly reports: number;
}

const program = new Command('bench')
  .description(
    'How long a committed change takes to its effect, and how many go through. Prints tables; bench/results has the JSON.',
  )
  .addOption(
    new Option('--stack <own|running>', 'a stack of its own, or the one that runs (make start)')
      .env('BENCH_STACK')
      .choices(['own', 'running'])
      .default('own'),
  )
  .addOption(
    new Option('--only <scenarios>', `some of ${SCENARIOS.join(',')}`)
      .env('BENCH_ONLY')
      .argParser(parseScenarios)
      .default(SCENARIOS, 'all'),
  )
  .addOption(count('--rate <n>', 'changes per second for the latency', 100, 'BENCH_RATE'))
  .addOption(count('--seconds <n>', 'how long the latency is measured', 30, 'BENCH_SECONDS'))
  .addOption(count('--warm-up <n>', 'seconds before that', 60, 'BENCH_WARM_UP'))
  .addOption(
    count('--warm-up-changes <n>', 'changes at once before that', 60_000, 'BENCH_WARM_UP_CHANGES'),
  )
  .addOption(
    count('--changes <n>', 'changes of a burst and of a backlog', 100_000, 'BENCH_CHANGES'),
  )
  .addOption(
    count('--per-transaction <n>', 'changes per transaction in them', 200, 'BENCH_PER_TRANSACTION'),
  )
  .addOption(count('--rows <n>', 'products to edit', 10_000, 'BENCH_ROWS'))
  .addOption(count('--reports <n>', 'reports for the monitor', 1_000_000, 'BENCH_REPORTS'))
  .action(run);

async function run(options: Options): Promise<void> {
  const startedAt = new Date();
  const log = logSince(performance.now());
  log(options.stack === 'own' ? 'starting a stack' : 'using the stack that runs');
  const bench =
    options.stack === 'own' ? await ownStack(process.env, log) : await runningStack(process.env);
  try {
    log(`preparing ${options.rows} products`);
    const context = await openContext(bench, {
      keys: (pools) => prepareRows(pools, options.rows),
      log,
    });
    try {
      const wants = (scenario: Scenario) => options.only.includes(scenario);
      const latency: LatencyResult[] = [];
      for (const lowLatency of [false, true]) {
        if (!wants(lowLatency ? 'low-latency' : 'latency')) continue;
        const { rate, seconds, warmUp: warmUpSeconds, warmUpChanges } = options;
        latency.push(
          await measureLatency(context, {
            rate,
            seconds,
            warmUpSeconds,
            warmUpChanges,
            lowLatency,
          }),
        );
      }
      const load = { changes: options.changes, rowsPerTransaction: options.perTransaction };
      let burst: BurstResult | undefined;
      let catchUp: CatchUpResult | undefined;
      if (wants('burst') || wants('catch-up')) await context.setLatency(false);
      if (wants('burst')) burst = await measureBurst(context, load);
      if (wants('catch-up')) catchUp = await measureCatchUp(context, load);
      let producerApi: ProducerApiResult | undefined;
      if (wants('producer-api')) {
        const { seconds, warmUp: warmUpSeconds } = options;
        producerApi = await measureProducerApi(context, {
          connections: CONNECTIONS,
          seconds,
          warmUpSeconds,
        });
      }
      let monitor: MonitorResult | undefined;
      if (wants('monitor-ingest')) {
        monitor = await measureMonitor(
          context,
          Math.ceil(options.reports / (1 + context.groups.length)),
        );
      }
      if (options.stack === 'running') await removeRows(context.products);

      const results: BenchResults = {
        startedAt: startedAt.toISOString(),
        machine: describeMachine(),
        latency,
        burst,
        catchUp,
        producerApi,
        monitor,
      };
      console.log(`\n${describeResults(results)}\n`);
      log(`written to ${writeResults(results)}`);
    } finally {
      await context.close();
    }
  } finally {
    await bench.release();
  }
}

function describeMachine(): string {
  const cores = cpus();
  return `${cores.length} × ${cores[0]?.model.trim() ?? 'CPU'}, ${mib(totalmem())}, Node ${process.version}`;
}

function writeResults(results: BenchResults): string {
  const folder = fileURLToPath(new URL('../results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${results.startedAt.replaceAll(':', '-')}.json`;
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}

function logSince(startMs: number): Log {
  return (line) => {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0).padStart(4);
    process.stderr.write(`${seconds} s  ${line}\n`);
  };
}

function count(flags: string, description: string, initial: number, variable: string): Option {
  return new Option(flags, description)
    .env(variable)
    .default(initial)
    .argParser((text: string) => {
      const value = Number(text);
      if (Number.isSafeInteger(value) && value > 0) return value;
      throw new InvalidArgumentError('A whole number above 0 is needed.');
    });
}

function parseScenarios(text: string): Scenario[] {
  return text.split(',').map((name) => {
    const scenario = SCENARIOS.find((known) => known === name.trim());
    if (scenario !== undefined) return scenario;
    throw new InvalidArgumentError(`Choose among ${SCENARIOS.join(', ')}.`);
  });
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
