import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCommand } from '../checkout.ts';
import type { Ports } from '../ports.ts';
import type { LocalSettings } from '../settings.ts';
import { type Component, checkHttp } from './component.ts';
import { connectUrl } from './connect.ts';
import { databaseUrl } from './databases.ts';
import { registryAddress } from './registry.ts';

/** A Node process of this repository that the stack keeps up. A new one is a line here and a port in ports.ts. */
type Service = {
  name: string;
  workspace: string;
  /** Module of the workspace that is the process. */
  main: string;
  port: (ports: Ports) => number;
  env: (settings: LocalSettings) => Record<string, string>;
};

const SERVICES: Service[] = [
  {
    name: 'consumers',
    workspace: 'consumers',
    main: 'main',
    port: (ports) => ports.consumers,
    env: ({ capture }) => ({ CONSUMERS: capture.consumerGroups.join(',') }),
  },
  {
    name: 'producer-api',
    workspace: 'producer-api',
    main: 'main',
    port: (ports) => ports.producerApi,
    env: ({ capture }) => ({
      TOPIC_PARTITIONS: `${capture.topicPartitions}`,
      REPLICATION_FACTOR: `${capture.replicationFactor}`,
      RETENTION_MS: `${capture.retentionMs}`,
    }),
  },
  {
    name: 'capture-reports',
    workspace: 'producer-api',
    main: 'capture/main',
    port: (ports) => ports.captureReports,
    env: () => ({}),
  },
  {
    name: 'monitor',
    workspace: 'monitor',
    main: 'main',
    port: (ports) => ports.monitor,
    env: () => ({}),
  },
  {
    name: 'dashboard',
    workspace: 'dashboard/server',
    main: 'main',
    port: (ports) => ports.dashboard,
    env: ({ ports }) => ({
      MONITOR_URL: `http://127.0.0.1:${ports.monitor}`,
      PRODUCER_API_URL: `http://127.0.0.1:${ports.producerApi}`,
    }),
  },
];

/** Names of the Node services, in the order in which they start. */
export const SERVICE_NAMES: readonly string[] = SERVICES.map((service) => service.name);

/** The services as components; those that this checkout has not built are left out. */
export function nodeServices(settings: LocalSettings): Component[] {
  return SERVICES.flatMap((service) => {
    const { command, args } = nodeCommand(service.workspace, service.main);
    const built = existsSync(args.at(-1) ?? '');
    return built ? [nodeService(service, { settings, command, args })] : [];
  });
}

function nodeService(
  service: Service,
  options: { settings: LocalSettings; command: string; args: string[] },
): Component {
  const { settings, command, args } = options;
  const port = service.port(settings.ports);
  return {
    spec: {
      name: service.name,
      command,
      args,
      env: {
        ...settings.configured,
        ...serviceEnv(settings),
        ...service.env(settings),
        PORT: `${port}`,
        ...settings.serviceEnv,
      },
      cwd: settings.stateDir,
      logFile: join(settings.stateDir, 'logs', `${service.name}.log`),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
    },
    refusesWithCode1: true,
    check: () => checkHttp(`http://127.0.0.1:${port}/readyz`),
  };
}

/** The environment that the services read, with this stack's addresses. */
export function serviceEnv(settings: LocalSettings): Record<string, string> {
  const { ports } = settings;
  return {
    HOST: '127.0.0.1',
    DASHBOARD_URL: `http://127.0.0.1:${ports.dashboard}`,
    KAFKA_BOOTSTRAP_SERVERS: bootstrapServers(ports),
    SCHEMA_REGISTRY_URL: registryAddress(settings),
    KAFKA_CONNECT_URL: connectUrl(settings),
    PRODUCTS_DATABASE_URL: databaseUrl(settings, 'products'),
    CONSUMERS_DATABASE_URL: databaseUrl(settings, 'consumers'),
    MONITORING_DATABASE_URL: databaseUrl(settings, 'monitoring'),
    PRODUCER_DATABASE_URL: databaseUrl(settings, 'producer'),
    MAX_RECORD_BYTES: `${settings.capture.maxRecordBytes}`,
    TOPIC_PREFIX: settings.capture.topicPrefix,
  };
}

/** `host:port,…` of all brokers. */
export function bootstrapServers(ports: Ports): string {
  return ports.kafka.map((port) => `127.0.0.1:${port}`).join(',');
}
