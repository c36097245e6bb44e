/** Every loopback port one stack uses. Broker n (from 1) listens on `kafka[n-1]`, its controller on `controllers[n-1]`. */
export type Ports = {
  postgres: number;
  kafka: number[];
  controllers: number[];
  registry: number;
  connect: number;
  consumers: number;
  producerApi: number;
  captureReports: number;
  monitor: number;
  dashboard: number;
};

/** The setting that moves a port, as the reader of an error message would type it. */
export type PortSetting =
  | 'POSTGRES_PORT'
  | 'KAFKA_PORT'
  | 'REGISTRY_PORT'
  | 'CONNECT_PORT'
  | 'CONSUMERS_PORT'
  | 'PRODUCER_API_PORT'
  | 'CAPTURE_REPORTS_PORT'
  | 'MONITOR_PORT'
  | 'DASHBOARD_PORT';

const DEFAULTS: Record<PortSetting, number> = {
  POSTGRES_PORT: 5432,
  KAFKA_PORT: 9092,
  REGISTRY_PORT: 8081,
  CONNECT_PORT: 8083,
  CONSUMERS_PORT: 7071,
  PRODUCER_API_PORT: 8000,
  CAPTURE_REPORTS_PORT: 7072,
  MONITOR_PORT: 7070,
  DASHBOARD_PORT: 8080,
};

/** Brokers of one cluster are this far apart, so that 9092, 9192 and 9292 are recognised at a glance. */
const BROKER_STRIDE = 100;

/**
 * The ports of one stack. `offset` moves every default; a port named in `overrides` is taken as it is.
 */
export function portsFor(options: {
  offset: number;
  brokers: number;
  overrides?: { [setting in PortSetting]?: number | undefined };
}): Ports {
  const port = (setting: PortSetting) =>
    options.overrides?.[setting] ?? DEFAULTS[setting] + options.offset;
  const kafka = Array.from(
    { length: options.brokers },
    (_, index) => port('KAFKA_PORT') + index * BROKER_STRIDE,
  );
  return {
    postgres: port('POSTGRES_PORT'),
    kafka,
    controllers: kafka.map((broker) => broker + 1),
    registry: port('REGISTRY_PORT'),
    connect: port('CONNECT_PORT'),
    consumers: port('CONSUMERS_PORT'),
    producerApi: port('PRODUCER_API_PORT'),
    captureReports: port('CAPTURE_REPORTS_PORT'),
    monitor: port('MONITOR_PORT'),
    dashboard: port('DASHBOARD_PORT'),
  };
}

/** A port, the component that listens on it, and the setting that moves it. */
export type PortUse = { port: number; component: string; use: string; setting: PortSetting };

/** The ports as a list, for the checks that name the one that is taken. */
export function portUses(ports: Ports): PortUse[] {
  const kafka = (port: number, index: number, role: string): PortUse => ({
    port,
    component: brokerName(index + 1),
    use: `Kafka ${role} ${index + 1}`,
    setting: 'KAFKA_PORT',
  });
  return [
    { port: ports.postgres, component: 'postgres', use: 'Postgres', setting: 'POSTGRES_PORT' },
    ...ports.kafka.map((port, index) => kafka(port, index, 'broker')),
    ...ports.controllers.map((port, index) => kafka(port, index, 'controller')),
    {
      port: ports.registry,
      component: 'registry',
      use: 'the schema registry',
      setting: 'REGISTRY_PORT',
    },
    { port: ports.connect, component: 'connect', use: 'Kafka Connect', setting: 'CONNECT_PORT' },
    {
      port: ports.consumers,
      component: 'consumers',
      use: 'the consumers',
      setting: 'CONSUMERS_PORT',
    },
    {
      port: ports.producerApi,
      component: 'producer-api',
      use: 'the producer API',
      setting: 'PRODUCER_API_PORT',
    },
    {
      port: ports.captureReports,
      component: 'capture-reports',
      use: 'capture-reports',
      setting: 'CAPTURE_REPORTS_PORT',
    },
    { port: ports.monitor, component: 'monitor', use: 'the monitor', setting: 'MONITOR_PORT' },
    {
      port: ports.dashboard,
      component: 'dashboard',
      use: 'the dashboard',
      setting: 'DASHBOARD_PORT',
    },
  ];
}

/** What a broker is called: `kafka`, `kafka-2`, `kafka-3`. */
export function brokerName(nodeId: number): string {
  return nodeId === 1 ? 'kafka' : `kafka-${nodeId}`;
}
