import { Worker } from 'node:worker_threads';

export interface EventLoopWatchdogOptions {
  /** How long the event loop may stand still before the process is killed; default 30,000 ms. */
  readonly timeoutMs?: number;
  /** Name of the process in the message it leaves. */
  readonly service: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const BEATS_PER_TIMEOUT = 10;

/** Runs beside the event loop, because nothing in a loop that stands still can notice. */
const WATCH = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { shared, timeoutMs, service } = workerData;
const beats = new Int32Array(shared);
let seen = Atomics.load(beats, 0);
let sinceMs = performance.now();
setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== seen) {
    seen = now;
    sinceMs = performance.now();
  } else if (performance.now() - sinceMs >= timeoutMs) {
    writeSync(2, JSON.stringify({ level: 'fatal', time: new Date().toISOString(), service,
      msg: 'the event loop stood still for ' + timeoutMs + ' ms: killing the process, so that others take over' }) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, timeoutMs / ${BEATS_PER_TIMEOUT});
`;

/**
 * Kills the process when its event loop stands still: it then neither works nor answers nor leaves its consumer group
 * in order, and whoever runs it sees only a process that lives. A process that was stopped as a whole (SIGSTOP, a
 * suspended machine) is not killed for that.
 */
export function startEventLoopWatchdog(options: EventLoopWatchdogOptions): {
  stop(): Promise<void>;
} {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const beats = new Int32Array(shared);
  const timer = setInterval(() => Atomics.add(beats, 0, 1), timeoutMs / BEATS_PER_TIMEOUT);
  timer.unref();
  const worker = new Worker(WATCH, {
    eval: true,
    execArgv: [], // what loads the main thread's modules may wait for that thread
    workerData: { shared, timeoutMs, service: options.service },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  worker.unref();
  return {
    async stop() {
      clearInterval(timer);
      await worker.terminate();
    },
  };
}
