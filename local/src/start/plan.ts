import type { Component } from '../components/component.ts';
import { kafkaConnect } from '../components/connect.ts';
import { ensureDatabases } from '../components/databases.ts';
import { kafkaBrokers } from '../components/kafka.ts';
import { postgres } from '../components/postgres.ts';
import { schemaRegistry } from '../components/registry.ts';
import { nodeServices } from '../components/services.ts';
import { portUses } from '../ports.ts';
import type { LocalSettings } from '../settings.ts';
import { addChildren, ensureSupervisor, liveState } from '../supervisor/client.ts';
import type { Vendor } from '../vendor/download.ts';
import { checkPorts } from './check-ports.ts';
import type { Step } from './steps.ts';
import { waitHealthy } from './wait-healthy.ts';

/** What a start consists of. */
export type StartPlan = { components: Component[]; steps: Step[] };

/**
 * The start of a stack, in order. Read it from top to bottom; a step begins as soon as the ones it names are done.
 */
export function planStart(
  settings: LocalSettings,
  vendor: Vendor,
  options: { services?: readonly string[]; pipeline?: boolean },
): StartPlan {
  const wanted = (component: Component) =>
    options.services === undefined || options.services.includes(component.spec.name);
  const database = postgres(settings);
  const brokers = kafkaBrokers(settings, vendor);
  const registry = schemaRegistry(settings, vendor);
  const connect = kafkaConnect(settings, vendor);
  const services = nodeServices(settings).filter(wanted);

  const steps: Step[] = [
    {
      name: 'ports',
      title: 'Free ports',
      after: [],
      run: async () => {
        const running = new Set(liveState(settings.stateDir)?.children.map((child) => child.name));
        if (running.size === 0) await checkPorts(portUses(settings.ports));
        await ensureSupervisor(settings.stateDir);
        return running.size > 0 ? 'the stack is up already' : undefined;
      },
    },
    componentStep(settings, [database], 'Postgres', ['ports']),
    {
      name: 'databases',
      title: 'Roles and databases',
      after: ['Postgres'],
      run: async () => {
        await ensureDatabases(settings);
        return undefined;
      },
    },
    componentStep(settings, brokers, 'Kafka', ['ports']),
    componentStep(settings, [registry], 'Schema registry', ['databases']),
    componentStep(settings, [connect], 'Kafka Connect', ['Kafka']),
    ...services.map((service) =>
      componentStep(settings, [service], service.spec.name, [
        'databases',
        'Kafka',
        'Schema registry',
      ]),
    ),
  ];
  return { components: [database, ...brokers, registry, connect, ...services], steps };
}

/** Starts the components under the supervisor and waits until they do their job. */
function componentStep(
  settings: LocalSettings,
  components: readonly Component[],
  title: string,
  after: readonly string[],
): Step {
  return {
    name: title,
    title,
    after,
    run: async () => {
      await Promise.all(components.map((component) => component.prepare?.()));
      addChildren(
        settings.stateDir,
        components.map((component) => component.spec),
      );
      await Promise.all(components.map((component) => waitHealthy(settings.stateDir, component)));
      return undefined;
    },
  };
}
