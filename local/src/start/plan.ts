import pRetry from 'p-retry';
import type { Component } from '../components/component.ts';
import { kafkaConnect } from '../components/connect.ts';
import { ensureDatabases } from '../components/databases.ts';
import { kafkaBrokers } from '../components/kafka.ts';
import { postgres } from '../components/postgres.ts';
import { schemaRegistry } from '../components/registry.ts';
import { nodeServices } from '../components/services.ts';
import { portUses } from '../ports.ts';
import type { LocalSettings } from '../settings.ts';
import { fingerprint } from '../supervisor/changes.ts';
import { addChildren, endLeftovers, ensureSupervisor, liveState } from '../supervisor/client.ts';
import type { Vendor } from '../vendor/download.ts';
import { checkPorts } from './check-ports.ts';
import {
  awaitFirstChange,
  prepareConnector,
  prepareContracts,
  prepareProducts,
  prepareTopics,
} from './pipeline.ts';
import type { Step } from './steps.ts';
import { waitHealthy } from './wait-healthy.ts';

/** What a start consists of. */
export type StartPlan = { components: Component[]; steps: Step[] };

/** Steps that turn running components into a pipeline; left out when someone wants the bare components. */
const PIPELINE = ['products', 'topics', 'contracts', 'connector', 'first change'];

/**
 * The start of a stack, in order. Read the list from top to bottom; a step begins as soon as the ones it comes
 * `after` are done.
 * @param options.services names of the components to run; all by default
 * @param options.pipeline whether to go on to the pipeline; by default when a Node service is among the components
 */
export function planStart(
  settings: LocalSettings,
  vendor: Vendor,
  options: { services?: readonly string[]; pipeline?: boolean },
): StartPlan {
  const wanted = (name: string) =>
    options.services?.some((service) => name === service || name.startsWith(`${service}-`)) ?? true;
  const database = postgres(settings);
  const brokers = kafkaBrokers(settings, vendor);
  const registry = schemaRegistry(settings, vendor);
  const connect = kafkaConnect(settings, vendor);
  const services = nodeServices(settings);
  const part = (name: string, title: string, components: Component[], after: string[]): Step => ({
    name,
    title,
    after,
    run: (report, failed) => bringUp(settings.stateDir, components, { report, signal: failed }),
  });

  const steps: Step[] = [
    { name: 'ports', title: 'Ports', after: [], run: () => claimPorts(settings, wanted) },
    part('postgres', 'Postgres', [database], ['ports']),
    {
      name: 'databases',
      title: 'Roles and databases',
      after: ['postgres'],
      run: () => ensureDatabases(settings),
    },
    part('kafka', 'Kafka', brokers, ['ports']),
    part('registry', 'Schema registry', [registry], ['databases']),
    // A connector that is there already goes on at once, and its task fails without a registry.
    part('connect', 'Kafka Connect', [connect], ['kafka', 'registry']),
    {
      name: 'products',
      title: 'Product database',
      after: ['databases'],
      run: insistently((report) => prepareProducts(settings, report)),
    },
    {
      name: 'topics',
      title: 'Topics',
      after: ['products', 'kafka'],
      run: insistently(() => prepareTopics(settings)),
    },
    {
      name: 'contracts',
      title: 'Contracts',
      after: ['registry'],
      run: insistently(() => prepareContracts(settings)),
    },
    ...services.map(({ spec: { name } }, index) =>
      part(name, `Service ${name}`, services.slice(index, index + 1), ['topics', 'contracts']),
    ),
    {
      name: 'connector',
      title: 'Connector',
      after: ['connect', 'topics'],
      run: insistently((report) => prepareConnector(settings, report)),
    },
    {
      name: 'first change',
      title: 'A change, all the way',
      after: ['connector', ...services.map(({ spec: { name } }) => name)],
      run: () => awaitFirstChange(settings),
    },
  ];

  const components = [database, ...brokers, registry, connect, ...services];
  const chosen = components.filter(({ spec }) => wanted(spec.name));
  const withPipeline = options.pipeline ?? services.some((service) => chosen.includes(service));
  const leftOut = new Set([
    ...components.filter((component) => !chosen.includes(component)).map(({ spec }) => spec.name),
    ...(wanted('postgres') ? [] : ['databases']),
    ...(withPipeline ? [] : PIPELINE),
  ]);
  return { components: chosen, steps: without(steps, leftOut) };
}

/** Tries three times: what has only just started is slow to answer on a busy machine, and each step may be repeated. */
function insistently(run: Step['run']): Step['run'] {
  return (report, failed) =>
    pRetry(() => run(report, failed), {
      signal: failed,
      retries: 2,
      minTimeout: 1_000,
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (retriesLeft > 0) report(`${error.message.split('\n')[0]} Trying again.`);
      },
    });
}

/** The steps but those named; nothing waits for a step that is not there. */
function without(steps: readonly Step[], names: ReadonlySet<string>): Step[] {
  return steps
    .filter((step) => !names.has(step.name))
    .map((step) => ({ ...step, after: step.after.filter((name) => !names.has(name)) }));
}

/** Makes room for the components and starts the supervisor that will own them. */
async function claimPorts(
  settings: LocalSettings,
  wanted: (component: string) => boolean,
): Promise<string | undefined> {
  const { stateDir, ports } = settings;
  const state = liveState(stateDir);
  if (!state) await endLeftovers(stateDir);
  const running = new Set(state?.children.map((child) => child.name));
  await checkPorts(
    portUses(ports).filter(({ component }) => wanted(component) && !running.has(component)),
  );
  await ensureSupervisor(stateDir, inheritedBy(settings));
  return state ? 'the stack is up already' : undefined;
}

/** Starts components under the supervisor, restarts those whose settings changed, and waits until they do their job. */
async function bringUp(
  stateDir: string,
  components: readonly Component[],
  options: { report: (line: string) => void; signal: AbortSignal },
): Promise<string | undefined> {
  await Promise.all(components.map((component) => component.prepare?.()));
  const restarted = addChildren(
    stateDir,
    components.map((component) => component.spec),
  );
  await Promise.all(
    components.map((component) => {
      const isRestarted = restarted.some(({ name }) => name === component.spec.name);
      const startedWith = isRestarted ? fingerprint(component.spec) : undefined;
      return waitHealthy(stateDir, component, { ...options, startedWith });
    }),
  );
  if (restarted.length === 0) return undefined;
  return restarted
    .map(
      ({ name, changed }) => `${name} restarted with changed ${changed.join(', ') || 'settings'}`,
    )
    .join('; ');
}

/** Settings reach the services by their description: inherited, one that is removed later would stay. */
function inheritedBy({ configured }: LocalSettings): NodeJS.ProcessEnv {
  const given = Object.entries(process.env);
  return Object.fromEntries(given.filter(([name]) => !Object.hasOwn(configured, name)));
}
