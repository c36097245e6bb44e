import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { scriptArgs } from './script.ts';

/** A Node service in a process of its own, on a port of its own. */
export interface ServiceProcess {
  readonly url: string;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code once the process has ended. */
  ended(): Promise<number | null>;
  /** Begins again on the same port, after the process has ended. */
  restart(): Promise<void>;
  /** What it wrote to standard output and error so far. */
  log(): string;
  /** Ends it in order. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** Its workspace: `monitor`. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
}

/** As source or compiled, like the test itself. */
const FOLDER = extname(import.meta.url) === '.js' ? 'dist' : 'src';
const START_TIMEOUT_MS = 60_000;
const SERVING = /"port":(\d+),"msg":"serving"/;

/** Starts `<workspace>/main` and waits until it serves. */
export async function startServiceProcess({
  workspace,
  env,
}: ServiceOptions): Promise<ServiceProcess> {
  const main = scriptArgs(`../../../${workspace}/${FOLDER}/main`, import.meta.url);
  let output = '';
  let port = 0;
  let child = await start();

  function start(): Promise<ChildProcess> {
    const started = spawn(process.execPath, main, {
      env: { PATH: process.env.PATH, PORT: `${port}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
      const fail = (why: string): void => {
        clearTimeout(timer);
        started.kill('SIGKILL');
        reject(new Error(`${workspace} ${why}: ${output.slice(-2_000)}`));
      };
      const onExit = (code: number | null): void => fail(`ended with ${code}`);
      let up = false;
      started.once('exit', onExit);
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          if (up) return;
          const found = SERVING.exec(output);
          if (found === null) return;
          clearTimeout(timer);
          port = Number(found[1]);
          up = true;
          started.off('exit', onExit);
          resolve(started);
        });
      }
    });
  }

  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get pid() {
      return child.pid ?? 0;
    },
    kill: (signal) => void child.kill(signal),
    ended: () => exitOf(child),
    async restart() {
      await exitOf(child);
      output = '';
      child = await start();
    },
    log: () => output,
    async stop() {
      child.kill('SIGTERM');
      await exitOf(child);
    },
  };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
