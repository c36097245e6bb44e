import { messageOf } from '@shelfcast/service-kit/message-of';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  measurePollIntervals,
  type PollIntervalResult,
  type Waiting,
} from './measure-poll-interval.ts';
import { ownStack, runningStack } from './stack.ts';
import { ms, table } from './view.ts';

const INTERVALS_MS = [1, 2, 3, 5, 10, 20] as const;

interface Options {
  readonly stack: 'own' | 'running';
  readonly queue: readonly Waiting['queue'][];
  readonly rate: number;
  readonly seconds: number;
}

new Command('poll-interval')
  .description(
    'What Debezium’s poll interval costs in idle CPU and gains in latency; docs/decisions/poll-interval.md has the outcome.',
  )
  .addOption(
    new Option('--stack <own|running>', 'a stack of its own, or the one that runs')
      .env('BENCH_STACK')
      .choices(['own', 'running'])
      .default('own'),
  )
  .addOption(
    new Option('--queue <names…>', 'queue providers')
      .choices(['patient', 'memory'])
      .default(['patient', 'memory']),
  )
  .addOption(new Option('--rate <n>', 'changes per second').argParser(positive).default(100))
  .addOption(new Option('--seconds <n>', 'of load per way').argParser(positive).default(20))
  .action(async ({ stack: which, queue, rate, seconds }: Options) => {
    const log = (line: string) => console.error(line);
    const bench =
      which === 'own' ? await ownStack(process.env, log) : await runningStack(process.env);
    const { stack, settings } = bench;
    try {
      const connectPid = stack.pid('connect');
      if (connectPid === undefined) throw new Error('Kafka Connect does not run.');
      const results: PollIntervalResult[] = [];
      await measurePollIntervals(
        {
          connectUrl: stack.urls.connect,
          productsUrl: stack.urls.postgres('products'),
          bootstrapServers: stack.urls.kafka.split(','),
          registryUrl: stack.urls.registry,
          topicPrefix: settings.capture.topicPrefix,
          maxRecordBytes: settings.capture.maxRecordBytes,
          connectPid,
        },
        {
          ways: queue.flatMap((name) =>
            INTERVALS_MS.map((pollIntervalMs) => ({ queue: name, pollIntervalMs })),
          ),
          rate,
          seconds,
          warmUpSeconds: 10,
          idleSeconds: 10,
        },
        (result) => {
          results.push(result);
          log(`${result.queue} ${result.pollIntervalMs} ms done`);
        },
      );
      console.log(describePollIntervals(results));
    } finally {
      await bench.release();
    }
  })
  .parseAsync()
  .catch((error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  });

function describePollIntervals(results: readonly PollIntervalResult[]): string {
  return table(
    ['queue', 'poll ms', 'idle CPU', 'CPU under load', 'p50 ms', 'p95 ms', 'p99 ms'],
    results.map(({ queue, pollIntervalMs, idleCores, busyCores, latency }) => [
      queue,
      String(pollIntervalMs),
      `${(idleCores * 100).toFixed(1)} %`,
      `${(busyCores * 100).toFixed(1)} %`,
      ms(latency.p50Us),
      ms(latency.p95Us),
      ms(latency.p99Us),
    ]),
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}
