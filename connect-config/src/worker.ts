import type { CaptureSettings } from './settings.ts';

export interface WorkerOptions {
  readonly settings: CaptureSettings;
  /** `host:port` of brokers. */
  readonly bootstrapServers: readonly string[];
  /** Folder with one folder per plugin. */
  readonly pluginPath: string;
  /** Where the REST API listens; GuardedRest lets in who has WORKER_PASSWORD. */
  readonly rest: { readonly host: string; readonly port: number };
  /** What other workers reach this one by, where that is not `rest.host`. */
  readonly advertisedHost?: string;
}

const MIB = 1024 * 1024;

/**
 * Properties of a Kafka Connect worker (ConnectDistributed), for the local stack and the image alike.
 * Names and meanings are those of Kafka 4.3; docs/connector.md has the reasons.
 */
export function workerProperties({
  settings,
  bootstrapServers,
  pluginPath,
  rest,
  advertisedHost,
}: WorkerOptions): Record<string, string> {
  const replicationFactor = String(settings.replicationFactor);
  return {
    'bootstrap.servers': bootstrapServers.join(','),
    'group.id': 'shelfcast-connect',
    listeners: `http://${rest.host}:${rest.port}`,
    ...(advertisedHost === undefined ? {} : { 'rest.advertised.host.name': advertisedHost }),
    'plugin.path': pluginPath,
    // Reads the plugins' manifests instead of scanning every class, which takes seconds at each start.
    // plugin/resources has the one that the Avro converter lacks.
    'plugin.discovery': 'service_load',

    'config.storage.topic': 'shelfcast-connect-configs',
    'config.storage.replication.factor': replicationFactor,
    'offset.storage.topic': 'shelfcast-connect-offsets',
    'offset.storage.partitions': '5',
    'offset.storage.replication.factor': replicationFactor,
    'status.storage.topic': 'shelfcast-connect-status',
    'status.storage.partitions': '1',
    'status.storage.replication.factor': replicationFactor,

    // Connectors name their own converters; these only serve one that does not.
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',

    // Connector configurations say ${env:CDC_…}; nothing else of the environment can be read.
    'config.providers': 'env',
    'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
    'config.providers.env.param.allowlist.pattern': '^CDC_.*',
    'rest.extension.classes': 'shelfcast.connect.GuardedRest',
    // Nothing of where a connector's records go: another cluster would be told what is captured.
    'connector.client.config.override.policy': 'Allowlist',
    'connector.client.config.override.allowlist':
      'acks,linger.ms,batch.size,compression.type,max.request.size,buffer.memory',

    // Topics are declared in topics.ts, never made by a record.
    'topic.creation.enable': 'false',
    'exactly.once.source.support': settings.exactlyOnceSource ? 'enabled' : 'disabled',

    // What a killed worker repeats, and how far the slot lags behind, is at most this old.
    'offset.flush.interval.ms': '1000',
    'offset.flush.timeout.ms': '10000',
    // A worker that comes back takes its tasks at once instead of five minutes later.
    'scheduled.rebalance.max.delay.ms': '0',
    'session.timeout.ms': '6000',
    'heartbeat.interval.ms': '2000',
    'rebalance.timeout.ms': '20000',
    'task.shutdown.graceful.timeout.ms': '5000',
    'worker.unsync.backoff.ms': '1000',

    // The default for connectors that say nothing of their own.
    'producer.max.request.size': String(settings.maxRecordBytes),
    'producer.buffer.memory': String(Math.max(32 * MIB, 2 * settings.maxRecordBytes)),
  };
}

/** What connectors/products.json refers to as `${env:CDC_…}`: the worker's environment must have it. */
export function connectorEnvironment(options: {
  readonly database: {
    readonly hostname: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly dbname: string;
  };
  /** Base URL of the registry, without a path. */
  readonly registryUrl: string;
  /** Undefined: the registry asks for none. */
  readonly registryUser?: { readonly name: string; readonly password: string };
}): Record<string, string> {
  const { database, registryUrl, registryUser } = options;
  return {
    CDC_DATABASE_HOSTNAME: database.hostname,
    CDC_DATABASE_PORT: String(database.port),
    CDC_DATABASE_USER: database.user,
    CDC_DATABASE_PASSWORD: database.password,
    CDC_DATABASE_DBNAME: database.dbname,
    CDC_SCHEMA_REGISTRY_URL: registryUrl,
    CDC_SCHEMA_REGISTRY_USERNAME: registryUser?.name ?? 'nobody',
    CDC_SCHEMA_REGISTRY_PASSWORD: registryUser?.password ?? '',
  };
}
