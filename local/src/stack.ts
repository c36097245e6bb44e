import { mkdirSync } from 'node:fs';
import type { Component } from './components/component.ts';
import { connectUrl } from './components/connect.ts';
import { type Database, databaseUrl } from './components/databases.ts';
import { registryAddress } from './components/registry.ts';
import { bootstrapServers, serviceEnv } from './components/services.ts';
import { LocalError } from './errors.ts';
import { withLock } from './lock.ts';
import type { Ports } from './ports.ts';
import { type ProcessIdentity, signal } from './processes/identity.ts';
import { type LocalSettings, readSettings } from './settings.ts';
import { planStart } from './start/plan.ts';
import { rememberStack } from './start/remember.ts';
import { runSteps, type StepEvent } from './start/steps.ts';
import { waitHealthy } from './start/wait-healthy.ts';
import { liveState, stopAll } from './supervisor/client.ts';
import { runFiles } from './supervisor/state.ts';
import { ensureVendor, type Vendor } from './vendor/download.ts';

/** A component of a stack: `postgres`, `kafka` (with three brokers also `kafka-2`, `kafka-3`), `registry`, `connect`, `consumers`. */
export type ComponentName = string;

export type StackOptions = {
  /** Absolute; made if missing. One stack per folder. */
  stateDir: string;
  /** Added to every default port. */
  portOffset: number;
  /** 1 (default) or 3. */
  brokers?: number;
  /** Components to run; all that this checkout has by default. */
  services?: readonly ComponentName[];
  /**
   * Whether to migrate, seed, create topics, register contracts and the connector, and wait for the seeded change.
   * By default that is done when a Node service is among the components.
   */
  pipeline?: boolean;
  /** Settings and variables for the services, over the process's own. */
  env?: Record<string, string>;
  lowLatency?: boolean;
  onProgress?: (event: StepEvent) => void;
};

/** A running stack. Its processes belong to its supervisor and outlive the process that holds this handle. */
export type Stack = {
  stateDir: string;
  ports: Ports;
  urls: {
    postgres: (database: Database) => string;
    kafka: string;
    registry: string;
    connect: string;
  };
  /** Environment for services and clients of this stack. */
  env: Record<string, string>;
  /** The running process of a component; undefined while it has none. */
  pid: (component: ComponentName) => number | undefined;
  /** Signals a component's process (SIGKILL by default); the supervisor brings it back. */
  kill: (component: ComponentName, name?: NodeJS.Signals) => void;
  /** Resolves when the component does its job (after a kill: its next process); rejects with a LocalError after its own time limit. */
  waitHealthy: (component: ComponentName) => Promise<void>;
  /** How often the component was brought back. */
  restarts: (component: ComponentName) => number;
  logFile: (component: ComponentName) => string;
  /** Ends every process of the stack. Its state stays. */
  stop: () => Promise<void>;
};

/**
 * Brings a stack up, or completes one that is partly up; harmless when all of it already runs.
 * Takes its settings from `options` alone, not from this process's environment.
 * @throws {ConfigError} for settings that cannot be used
 * @throws {LocalError} `BUSY` while another command works on the same state folder, `RUNNING_OTHERWISE` when the stack
 *   is up with other ports or brokers
 * @throws {StepError} when a step fails; what was begun is ended then, unless the stack was up before
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const settings = readSettings(
    {
      ...options.env,
      SHELFCAST_STATE_DIR: options.stateDir,
      PORT_OFFSET: `${options.portOffset}`,
      ...(options.brokers === undefined ? {} : { BROKERS: `${options.brokers}` }),
      ...(options.lowLatency === undefined
        ? {}
        : { LOW_LATENCY: options.lowLatency ? 'on' : 'off' }),
    },
    options.env,
  );
  return startWith(settings, options);
}

/** As `startStack`, with settings that were read already. */
export async function startWith(
  settings: LocalSettings,
  options: Pick<StackOptions, 'services' | 'pipeline' | 'onProgress'>,
): Promise<Stack> {
  const { stateDir } = settings;
  mkdirSync(stateDir, { recursive: true });
  return withLock({ file: runFiles(stateDir).lock, doing: 'starting', waitMs: 0 }, async () => {
    await awaitEnd(stateDir);
    const wasUp = liveState(stateDir) !== undefined;
    rememberStack(settings, wasUp);
    const listener = options.onProgress ?? (() => {});
    try {
      const vendor = await fetchVendor(listener);
      const plan = planStart(settings, vendor, options);
      await runSteps(plan.steps, listener);
      return handle(settings, plan.components);
    } catch (error) {
      if (!wasUp) await stopAll(stateDir);
      throw error;
    }
  });
}

/** A start that was interrupted may leave its supervisor ending everything; only then can another begin. */
async function awaitEnd(stateDir: string): Promise<void> {
  if (liveState(stateDir)?.stopping) await stopAll(stateDir);
}

async function fetchVendor(listener: (event: StepEvent) => void): Promise<Vendor> {
  let vendor: Vendor | undefined;
  await runSteps(
    [
      {
        name: 'downloads',
        title: 'Java, Kafka, Connect and registry',
        after: [],
        run: async (report) => {
          vendor = await ensureVendor(process.env.JAVA_HOME, report);
          return `Java ${vendor.java.version}`;
        },
      },
    ],
    listener,
  );
  if (!vendor) throw new Error('the download step ended without a result');
  return vendor;
}

const DEADLY: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT']);

function handle(settings: LocalSettings, components: readonly Component[]): Stack {
  const { stateDir, ports } = settings;
  const component = (name: ComponentName) => {
    const found = components.find((candidate) => candidate.spec.name === name);
    if (!found) throw new LocalError('COMPONENT', `this stack has no component "${name}"`);
    return found;
  };
  const child = (name: ComponentName) =>
    liveState(stateDir)?.children.find((candidate) => candidate.name === component(name).spec.name);
  // Until the supervisor has noticed a death, the state still names the dead process.
  const killed = new Map<ComponentName, ProcessIdentity>();
  return {
    stateDir,
    ports,
    urls: {
      postgres: (database) => databaseUrl(settings, database),
      kafka: bootstrapServers(ports),
      registry: registryAddress(settings),
      connect: connectUrl(settings),
    },
    env: serviceEnv(settings),
    pid: (name) => child(name)?.process?.pid,
    kill: (name, signalName = 'SIGKILL') => {
      const running = child(name)?.process;
      if (!running || !signal(running, signalName)) {
        throw new LocalError('NOT_RUNNING', `${name} has no process to signal`);
      }
      if (DEADLY.has(signalName)) killed.set(name, running);
    },
    waitHealthy: (name) => waitHealthy(stateDir, component(name), { notProcess: killed.get(name) }),
    restarts: (name) => child(name)?.restarts ?? 0,
    logFile: (name) => component(name).spec.logFile,
    stop: async () => {
      await stopAll(stateDir);
    },
  };
}
