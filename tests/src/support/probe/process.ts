import { type ChildProcess, spawn } from 'node:child_process';
import { eventually } from '@shelfcast/service-kit/eventually';
import * as assert from 'uvu/assert';
import { scriptArgs } from '../script.ts';

/** A process that hosts a probe, on a port that the system chose. */
export interface ProbeProcess {
  readonly child: ChildProcess;
  /** Where it serves /readyz and /metrics. @throws while it does not */
  url(): string;
  ready(): Promise<void>;
  /** The end of its log. */
  log(): string;
  /** How it ended, if it has, and the end of its log. */
  describe(): string;
}

export interface ProbeProcessOptions {
  readonly name: string;
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  /** Beside those of the stack. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default `public.products`. */
  readonly table?: string;
}

const READY_TIMEOUT_MS = 60_000;
const KEPT_LOG = 100_000;
const SHOWN_LINES = 20;
const SERVING = /"port":(\d+),"msg":"serving"/;

export function spawnProbe(options: ProbeProcessOptions): ProbeProcess {
  const { name, databaseUrl, topicPrefix, settings, table } = options;
  const child = spawn(process.execPath, scriptArgs('./main', import.meta.url), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...settings,
      CONSUMERS: name,
      PORT: '0', // a fixed one may be another test's: its probe would then answer for this one
      CONSUMERS_DATABASE_URL: databaseUrl,
      TOPIC_PREFIX: topicPrefix,
      ...(table === undefined ? {} : { PROBE_TABLE: table }),
      LOG_LEVEL: 'info',
      EVENT_LOOP_TIMEOUT_MS: '3000',
    },
  });
  let log = '';
  let port: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-KEPT_LOG);
      port ??= SERVING.exec(log)?.[1];
    });
  }

  function url(): string {
    if (port === undefined) throw new Error('the probe does not serve yet');
    return `http://127.0.0.1:${port}`;
  }

  function describe(): string {
    const { pid, exitCode, signalCode } = child;
    const state = exitCode === null && signalCode === null ? 'runs' : 'ended';
    const lines = log.trimEnd().split('\n').slice(-SHOWN_LINES);
    return [`process ${pid} ${state} (${exitCode ?? signalCode}):`, ...lines].join('\n  ');
  }

  return {
    child,
    url,
    async ready() {
      await eventually(
        async () => {
          assert.is(child.exitCode, null, `the process runs: ${describe()}`);
          assert.is((await fetch(`${url()}/readyz`)).status, 200);
        },
        { timeoutMs: READY_TIMEOUT_MS, intervalMs: 100, what: 'the probe is ready' },
      );
    },
    log: () => log,
    describe,
  };
}
