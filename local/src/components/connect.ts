import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectorEnvironment, workerProperties } from '@shelfcast/connect-config/worker';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import { GUARD_USER, guardedUrl, guardPassword } from '../secrets.ts';
import type { LocalSettings } from '../settings.ts';
import type { Vendor } from '../vendor/download.ts';
import { type Component, checkHttp } from './component.ts';
import { JVM_STOP_TIMEOUT_MS, jvmFlags, log4jFlag } from './jvm.ts';
import { propertiesText } from './kafka.ts';
import { registryUrl } from './registry.ts';

/** Kafka Connect with Debezium and the Avro converter. */
export function kafkaConnect(settings: LocalSettings, vendor: Vendor): Component {
  const { ports, stateDir } = settings;
  const folder = join(stateDir, 'connect');
  const configFile = join(folder, 'worker.properties');
  const properties = {
    ...workerProperties({
      settings: settings.capture,
      bootstrapServers: ports.kafka.map((port) => `127.0.0.1:${port}`),
      pluginPath: vendor.connectPlugins,
      rest: { host: '127.0.0.1', port: ports.connect },
    }),
    // Every plugin got its manifest when it was downloaded, so nothing has to be scanned.
    'plugin.discovery': 'service_load',
  };
  return {
    spec: {
      name: 'connect',
      command: vendor.java.executable,
      args: [
        // A heap that grows does so in full collections, which stop all capture for up to half a second each.
        ...jvmFlags({ vendor, archive: 'connect', maxHeapMb: 768, minHeapMb: 768 }),
        log4jFlag,
        '-cp',
        join(vendor.kafkaLibs, '*'),
        'org.apache.kafka.connect.cli.ConnectDistributed',
        configFile,
      ],
      env: {
        ...connectorEnvironment({
          database: {
            hostname: '127.0.0.1',
            port: ports.postgres,
            user: DEBEZIUM_ROLE,
            password: settings.debeziumPassword,
            dbname: 'products',
          },
          registryUrl: registryUrl(ports.registry),
          registryUser: { name: GUARD_USER, password: guardPassword(stateDir, 'registry') },
        }),
        WORKER_PASSWORD: guardPassword(stateDir, 'connect'),
        CONNECTOR_HOSTS: settings.configured.CONNECTOR_HOSTS ?? '',
      },
      config: properties,
      cwd: stateDir,
      logFile: join(stateDir, 'logs', 'connect.log'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: JVM_STOP_TIMEOUT_MS,
    },
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(configFile, propertiesText(properties));
    },
    check: () => checkHttp(`http://127.0.0.1:${ports.connect}/health`),
  };
}

/** Where Connect's REST API is, with user and password. */
export function connectUrl({ stateDir, ports }: Pick<LocalSettings, 'stateDir' | 'ports'>): string {
  return guardedUrl(stateDir, 'connect', `http://127.0.0.1:${ports.connect}`);
}
