import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalSettings } from '../settings.ts';
import type { Vendor } from '../vendor/download.ts';
import { type Component, checkHttp } from './component.ts';
import { jvmFlags, log4jFlag } from './jvm.ts';
import { propertiesText } from './kafka.ts';
import { registryUrl } from './registry.ts';

/** Kafka Connect with Debezium and the Avro converter. */
export function kafkaConnect(settings: LocalSettings, vendor: Vendor): Component {
  const { ports, stateDir } = settings;
  const folder = join(stateDir, 'connect');
  const configFile = join(folder, 'worker.properties');
  return {
    spec: {
      name: 'connect',
      command: vendor.java.executable,
      args: [
        ...jvmFlags({ vendor, archive: 'connect', maxHeapMb: 768 }),
        log4jFlag,
        '-cp',
        join(vendor.kafkaLibs, '*'),
        'org.apache.kafka.connect.cli.ConnectDistributed',
        configFile,
      ],
      env: connectorEnv(settings),
      cwd: stateDir,
      logFile: join(stateDir, 'logs', 'connect.log'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 30_000,
    },
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
      const replicas = `${Math.min(settings.brokers, 3)}`;
      writeFileSync(
        configFile,
        propertiesText({
          'bootstrap.servers': ports.kafka.map((port) => `127.0.0.1:${port}`).join(','),
          'group.id': 'shelfcast-connect',
          listeners: `http://127.0.0.1:${ports.connect}`,
          'rest.advertised.host.name': '127.0.0.1',
          'plugin.path': vendor.connectPlugins,
          'plugin.discovery': 'service_load',
          'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
          'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
          'config.storage.topic': 'connect-configs',
          'offset.storage.topic': 'connect-offsets',
          'status.storage.topic': 'connect-status',
          'config.storage.replication.factor': replicas,
          'offset.storage.replication.factor': replicas,
          'status.storage.replication.factor': replicas,
          'offset.storage.partitions': '1',
          'status.storage.partitions': '1',
          'config.providers': 'env',
          'config.providers.env.class':
            'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
          'config.providers.env.param.allowlist.pattern': '^CDC_.*',
          'producer.max.request.size': `${settings.maxRecordBytes}`,
          'connector.client.config.override.policy': 'All',
        }),
      );
    },
    check: () => checkHttp(`http://127.0.0.1:${ports.connect}/health`),
    readyTimeoutMs: 90_000,
  };
}

/** What the connector's JSON refers to as `${env:CDC_…}`: the JSON holds no secret and no address. */
function connectorEnv(settings: LocalSettings): Record<string, string> {
  const { ports } = settings;
  return {
    CDC_DATABASE_HOSTNAME: '127.0.0.1',
    CDC_DATABASE_PORT: `${ports.postgres}`,
    CDC_DATABASE_NAME: 'products',
    CDC_DATABASE_USER: 'debezium',
    CDC_DATABASE_PASSWORD: settings.capturePassword,
    CDC_REGISTRY_URL: `${registryUrl(ports.registry)}/apis/registry/v2`,
  };
}
