import { createTestDatabase } from './database.ts';
import { fromEnvironment } from './environment.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';

/** A monitor of a test's own, with a monitoring database of its own. */
export interface TestMonitor extends ServiceProcess {
  /** Of its monitoring database; a second monitor on it is given this as a setting. */
  readonly databaseUrl: string;
  /** Ends it, and drops the database unless it was given one. */
  close(): Promise<void>;
}

const FROM_STACK = [
  'KAFKA_BOOTSTRAP_SERVERS',
  'SCHEMA_REGISTRY_URL',
  'PRODUCTS_DATABASE_URL',
  'CONSUMERS_DATABASE_URL',
];

/** The monitor of the stack itself. */
export function stackMonitorUrl(): string {
  return `http://127.0.0.1:${7_070 + Number(fromEnvironment('TEST_PORT_OFFSET'))}`;
}

/**
 * A monitor of the stack, but for Connect, where a setting does not name it: it would restart the connectors that other
 * tests have fail, and keep that as done.
 */
export async function startTestMonitor(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestMonitor> {
  const given = settings.MONITORING_DATABASE_URL;
  const database = given === undefined ? await createTestDatabase() : undefined;
  const databaseUrl = database?.url ?? given ?? '';
  const service = await startServiceProcess({
    workspace: 'monitor',
    env: {
      ...Object.fromEntries(FROM_STACK.map((name) => [name, fromEnvironment(name)])),
      KAFKA_CONNECT_URL: 'http://127.0.0.1:1',
      MONITORING_DATABASE_URL: databaseUrl,
      // In the stack's own group it would take reports from the stack's own monitor.
      MONITORING_GROUP: `monitor-of-${new URL(databaseUrl).pathname.slice(1)}`,
      ...settings,
    },
  });
  return {
    ...service,
    get url() {
      return service.url;
    },
    get pid() {
      return service.pid;
    },
    databaseUrl,
    async close() {
      await service.stop();
      await database?.drop();
    },
  };
}
