/** How the images we use make Kafka properties out of their environment; restated from their entrypoints. */

type Properties = Record<string, string>;
type Environment = Readonly<Record<string, string>>;

/** Variables that Debezium's image reads by another name; it overwrites their CONNECT_ form. */
const DEBEZIUM_NAMES: Readonly<Record<string, string>> = {
  BOOTSTRAP_SERVERS: 'bootstrap.servers',
  GROUP_ID: 'group.id',
  HOST_NAME: 'rest.host.name',
  REST_PORT: 'rest.port',
  ADVERTISED_HOST_NAME: 'rest.advertised.host.name',
  ADVERTISED_PORT: 'rest.advertised.port',
  CONFIG_STORAGE_TOPIC: 'config.storage.topic',
  OFFSET_STORAGE_TOPIC: 'offset.storage.topic',
  STATUS_STORAGE_TOPIC: 'status.storage.topic',
  OFFSET_FLUSH_INTERVAL_MS: 'offset.flush.interval.ms',
  OFFSET_FLUSH_TIMEOUT_MS: 'offset.flush.timeout.ms',
  SHUTDOWN_TIMEOUT: 'task.shutdown.graceful.timeout.ms',
  KEY_CONVERTER: 'key.converter',
  VALUE_CONVERTER: 'value.converter',
};

const DEBEZIUM_DEFAULTS: Properties = {
  'group.id': '1',
  'rest.port': '8083',
  'rest.advertised.port': '8083',
  'offset.flush.interval.ms': '60000',
  'offset.flush.timeout.ms': '5000',
  'task.shutdown.graceful.timeout.ms': '10000',
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

/**
 * Worker properties that quay.io/debezium/connect 3.7 sets: CONNECT_ is dropped, the rest in lower case,
 * every `_` becomes `.`; a few have names and defaults of their own.
 * Source: connect-base/3.7/docker-entrypoint.sh of the Debezium project's container images.
 */
export function debeziumWorkerProperties(env: Environment): Properties {
  const properties: Properties = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('CONNECT_')) continue;
    properties[name.slice('CONNECT_'.length).toLowerCase().replaceAll('_', '.')] = value;
  }
  for (const [name, property] of Object.entries(DEBEZIUM_NAMES)) {
    const value = env[name] || DEBEZIUM_DEFAULTS[property];
    if (value === undefined) throw new Error(`the image needs ${name}`);
    properties[property] = value;
  }
  return properties;
}

const KAFKA_OTHER = new Set(['KAFKA_VERSION', 'KAFKA_HEAP_OPTS', 'KAFKA_OPTS', 'KAFKA_LOG4J_OPTS']);

/**
 * server.properties as apache/kafka writes it: KAFKA_ is dropped, the rest in lower case, `_` becomes `.`,
 * `__` becomes `_` and `___` becomes `-`. Nothing else is in it once one variable is given.
 * Source: kafka.docker.KafkaDockerWrapper.
 */
export function kafkaBrokerProperties(env: Environment): Properties {
  const properties: Properties = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('KAFKA_') || KAFKA_OTHER.has(name)) continue;
    const property = name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.');
    properties[property.replaceAll('...', '-').replaceAll('..', '_')] = value;
  }
  return properties;
}
