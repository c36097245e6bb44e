import { createCodec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { createClock } from '@shelfcast/service-kit/clock';
import { kafkaConnection, registryConnection } from '@shelfcast/service-kit/config/settings';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { KafkaConsumer } from '@shelfcast/service-kit/kafka/types';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { startHealthServer } from '@shelfcast/service-kit/process/health-server';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { startTracing, tracedEncoder } from '@shelfcast/service-kit/tracing/tracing';
import { Registry } from 'prom-client';
import { createCapture } from './capture.ts';
import { SERVICE } from './captured-report.ts';
import type { CaptureConfig } from './config.ts';

/** The group whose offsets say what has been reported. */
export const CAPTURE_GROUP = 'capture-reports';

/** Of one partition, in one fetch: some hundred changes, so that a long snapshot does not keep a live change waiting. */
const FETCH_BYTES_PER_PARTITION = 256 * 1024;
/** A report is looked at by people: of a busy table, several share a fetch and a request. */
const FETCH_LINGER_MS = 50;

/** Reads all CDC topics there are and will be, and reports what they bring. */
export async function startCaptureReports({
  config,
  lifecycle,
  log,
  fail,
}: MainContext<CaptureConfig>): Promise<void> {
  const registry = new Registry();
  let consumer: KafkaConsumer | undefined;
  const health = await startHealthServer({
    host: config.HEALTH_HOST,
    port: config.PORT,
    registry,
    checks: { group: () => (consumer?.isReady() ? undefined : 'joining its group') },
  });
  lifecycle.onStop('health server', () => health.close());

  const codec = createCodec(registryConnection(config));
  lifecycle.onStop('codec', () => codec.close());
  const kafka = createKafka({
    connection: kafkaConnection(config),
    clientId: `capture-reports-${config.INSTANCE_ID}`,
    log,
  });
  const producer = await kafka.createProducer({ topics: [MONITORING_TOPIC] });
  lifecycle.onStop('producer', () => producer.close());
  const tracing = await startTracing({ config });
  lifecycle.onStop('tracing', () => tracing?.stop());
  const encode = tracedEncoder(await codec.encoder(MONITORING_EVENT), tracing);

  consumer = await kafka.createConsumer({
    groupId: CAPTURE_GROUP,
    topics: capturedTopics(config.TOPIC_PREFIX),
    maxPartitionBytes: FETCH_BYTES_PER_PARTITION,
    fetchLingerMs: FETCH_LINGER_MS,
    onBatch: createCapture({
      codec,
      publisher: createMonitoringPublisher({ producer, encode }),
      topicPrefix: config.TOPIC_PREFIX,
      reporting: {
        instance: config.INSTANCE_ID,
        snapshotReportEvery: config.SNAPSHOT_REPORT_EVERY,
        shorten: {
          maskedColumns: config.MASKED_FIELDS,
          maxValueLength: config.REPORT_VALUE_LENGTH,
          maxColumns: config.REPORT_COLUMNS,
        },
      },
      registry,
      nowMs: createClock(),
    }),
    onOffsetReset: ({ topic, partition, from, to }) =>
      log.error(
        { topic, partition, from: String(from), to: String(to) },
        'records were gone before they were reported',
      ),
    onFatal: fail,
  });
  const { stop } = consumer;
  lifecycle.onStop('consumer', () => stop());
  log.info({ service: SERVICE, prefix: config.TOPIC_PREFIX }, 'reporting what is captured');
}

/** The topics of captured tables; the pipeline's own tables (heartbeat, signals) tell nothing about products. */
export function capturedTopics(prefix: string): RegExp {
  const literal = prefix.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal}\\.(?!shelfcast\\.)`);
}
