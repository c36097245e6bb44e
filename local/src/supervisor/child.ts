import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fchmodSync, openSync, renameSync, statSync } from 'node:fs';
import { identify, type ProcessIdentity } from '../processes/identity.ts';
import { deathsInARow, type RestartPolicy, restartDelayMs } from './backoff.ts';
import { fingerprint } from './changes.ts';
import type { ChildSpec } from './child-spec.ts';
import type { ChildState } from './state.ts';

/** A log larger than this is set aside (one generation) when its process is next started. */
const MAX_LOG_BYTES = 50 * 1024 * 1024;

/** Keeps one process running until it is told to stop. */
export class Child {
  spec: ChildSpec;
  readonly #policy: RestartPolicy;
  readonly #changed: () => void;
  #process: ChildProcess | undefined;
  #identity: ProcessIdentity | undefined;
  #status: ChildState['status'] = 'stopped';
  #startedAtMs = 0;
  #startedWith: string | undefined;
  #restarts = 0;
  #deaths = 0;
  #lastExit: ChildState['lastExit'];
  #timer: NodeJS.Timeout | undefined;
  #ended: Promise<void> = Promise.resolve();

  /** @param options.changed called after every change of state, before anything else happens */
  constructor(spec: ChildSpec, options: { policy: RestartPolicy; changed: () => void }) {
    this.spec = spec;
    this.#policy = options.policy;
    this.#changed = options.changed;
  }

  get state(): ChildState {
    return {
      name: this.spec.name,
      status: this.#status,
      ...(this.#identity ? { process: this.#identity } : {}),
      since: new Date(this.#startedAtMs).toISOString(),
      restarts: this.#restarts,
      ...(this.#lastExit ? { lastExit: this.#lastExit } : {}),
      logFile: this.spec.logFile,
      ...(this.#startedWith ? { startedWith: this.#startedWith } : {}),
    };
  }

  /** Whether its process was started with another description than it has now. */
  get isOutdated(): boolean {
    return this.#startedWith !== undefined && this.#startedWith !== fingerprint(this.spec);
  }

  start(): void {
    const { spec } = this;
    this.#startedWith = fingerprint(spec);
    const log = openLog(spec.logFile);
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      stdio: ['ignore', log, log],
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    closeSync(log);
    this.#process = child;
    this.#identity = child.pid === undefined ? undefined : identify(child.pid);
    this.#status = 'running';
    this.#startedAtMs = Date.now();
    this.#ended = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#onExit(code, signal);
        resolve();
      };
      child.once('exit', ended);
      // A command that cannot be run at all has no exit event.
      child.once('error', () => child.pid === undefined && ended(127, null));
    });
    this.#changed();
  }

  /** Asks the process to end, kills it after its deadline, and returns once it is gone. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#status !== 'running' || !this.#process) {
      this.#status = 'stopped';
      this.#changed();
      return this.#ended;
    }
    this.#status = 'stopping';
    this.#changed();
    const running = this.#process;
    running.kill(this.spec.stopSignal);
    const deadline = setTimeout(() => running.kill('SIGKILL'), this.spec.stopTimeoutMs);
    await this.#ended;
    clearTimeout(deadline);
  }

  /** Ends the process and starts one of the description it has now; what went wrong before counts no more. */
  async restart(options: { mayStart: () => boolean }): Promise<void> {
    await this.stop();
    if (!options.mayStart()) return;
    this.#deaths = 0;
    this.start();
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#process = undefined;
    this.#identity = undefined;
    this.#lastExit = { code, signal, at: new Date().toISOString() };
    if (this.#status === 'stopping') {
      this.#status = 'stopped';
      this.#changed();
      return;
    }
    this.#deaths = deathsInARow(this.#deaths, Date.now() - this.#startedAtMs, this.#policy);
    this.#status = 'restarting';
    this.#timer = setTimeout(
      () => {
        this.#restarts += 1;
        this.start();
      },
      restartDelayMs(this.#deaths, this.#policy),
    );
    this.#changed();
  }
}

function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  const descriptor = openSync(file, 'a');
  fchmodSync(descriptor, 0o600);
  return descriptor;
}
