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
const { shared, timeoutMs, periodMs, service } = workerData;
const beats = new Int32Array(shared);
let seen = Atomics.load(beats, 0);
let seenAtMs = performance.now();
let stillMs = 0;
setInterval(() => {
  const nowMs = performance.now();
  // Time in which this thread did not run either is not the loop's: the process was stopped, or the machine.
  stillMs += Math.min(nowMs - seenAtMs, 2 * periodMs);
  seenAtMs = nowMs;
  const now = Atomics.load(beats, 0);
  if (now !== seen) {
    seen = now;
    stillMs = 0;
  } else if (stillMs >= timeoutMs) {
    writeSync(2, JSON.stringify({ level: 'fatal', time: new Date().toISOString(), service,
      msg: 'the event loop stood still for ' + timeoutMs + ' ms: killing the process, so that others take over' }) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, periodMs);
`;

/**
 * Kills the process when its event loop stands still: it then neither works nor answers nor leaves its consumer group
 * in order, and its supervisor sees only a process that lives. A process that was stopped as a whole (SIGSTOP, a
 * suspended machine) is not killed for that.
 */
export function startEventLoopWatchdog(options: EventLoopWatchdogOptions): {
  stop(): Promise<void>;
} {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const beats = new Int32Array(shared);
  const periodMs = timeoutMs / BEATS_PER_TIMEOUT;
  const timer = setInterval(() => Atomics.add(beats, 0, 1), periodMs);
  timer.unref();
  const worker = new Worker(WATCH, {
    eval: true,
    execArgv: [], // what loads the main thread's modules may wait for that thread
    workerData: { shared, timeoutMs, periodMs, service: options.service },
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
