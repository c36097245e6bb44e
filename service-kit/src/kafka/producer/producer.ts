import { settlesWithin } from '../../deadline.ts';
import { type ClientContext, createAdmin } from '../admin/admin.ts';
import { recordBytes, refusal } from '../client/record-check.ts';
import { KafkaError, KafkaSendError } from '../errors.ts';
import type { KafkaProducer, ProducerOptions, SentRecord } from '../types.ts';
import { createDeliverer, type Delivery } from './delivery.ts';
import { createMicroBatcher } from './micro-batcher.ts';
import { openProducerSession } from './session.ts';

const DEFAULT_DELIVERY_TIMEOUT_MS = 30_000;
const DEFAULT_REQUEST_BYTES = 1024 * 1024;
const DEFAULT_REQUEST_RECORDS = 1_000;
const DEFAULT_QUEUED_BYTES = 64 * 1024 * 1024;
const DEFAULT_CLOSE_DEADLINE_MS = 5_000;

/** See `Kafka.createProducer`. */
export async function createProducer(
  context: ClientContext,
  options: ProducerOptions = {},
): Promise<KafkaProducer> {
  const { connection, log } = context;
  const deliveryTimeoutMs = options.deliveryTimeoutMs ?? DEFAULT_DELIVERY_TIMEOUT_MS;
  const admin = createAdmin(context);
  const deliverer = createDeliverer({
    openSession: (onPoisoned) => openProducerSession({ ...context, onPoisoned }),
    countPartitions: async (topics) => {
      const described = await admin.describeTopics(topics);
      return new Map(described.map(({ topic, partitions }) => [topic, partitions.length]));
    },
    log,
  });
  const batcher = createMicroBatcher<Delivery>({
    deliver: deliverer.deliver,
    bytesOf: (item) => item.bytes,
    maxBatchBytes: options.maxRequestBytes ?? DEFAULT_REQUEST_BYTES,
    maxBatchItems: options.maxRequestRecords ?? DEFAULT_REQUEST_RECORDS,
    maxQueuedBytes: options.maxQueuedBytes ?? DEFAULT_QUEUED_BYTES,
  });
  let closing: Promise<void> | undefined;

  async function close(deadlineMs: number): Promise<void> {
    await settlesWithin(batcher.idle(), deadlineMs);
    for (const item of batcher.drainQueue()) item.settle(closedError());
    deliverer.halt();
    await batcher.idle();
    await Promise.all([deliverer.close(), admin.close()]);
  }

  try {
    await deliverer.connect(deliveryTimeoutMs);
  } catch (error) {
    await admin.close();
    throw error;
  }

  return {
    send(records) {
      if (closing !== undefined) return Promise.reject(closedError());
      return new Promise<SentRecord[]>((resolve, reject) => {
        const results: (SentRecord | KafkaError)[] = [];
        let open = records.length;
        const settle = (index: number, result: SentRecord | KafkaError): void => {
          if (results[index] !== undefined) return;
          results[index] = result;
          open -= 1;
          if (open === 0) finish(results, resolve, reject);
        };
        if (open === 0) resolve([]);
        const deadlineMs = performance.now() + deliveryTimeoutMs;
        const accepted: Delivery[] = [];
        records.forEach((record, index) => {
          const bytes = recordBytes(record);
          const refused = refusal(record, bytes, connection.maxRecordBytes, options.topics);
          if (refused !== undefined) settle(index, refused);
          else
            accepted.push({
              record,
              bytes,
              deadlineMs,
              settle: (result) => settle(index, result),
            });
        });
        void batcher.add(accepted);
      });
    },
    isConnected: () => closing === undefined && deliverer.isHealthy(),
    close(deadlineMs = DEFAULT_CLOSE_DEADLINE_MS) {
      closing ??= close(deadlineMs);
      return closing;
    },
  };
}

function finish(
  results: readonly (SentRecord | KafkaError)[],
  resolve: (sent: SentRecord[]) => void,
  reject: (error: KafkaError) => void,
): void {
  const sent: SentRecord[] = [];
  let failed: KafkaError | undefined;
  for (const result of results) {
    if (result instanceof KafkaError) failed ??= result;
    else sent.push(result);
  }
  if (failed === undefined) resolve(sent);
  else reject(new KafkaSendError(failed, results));
}

function closedError(): KafkaError {
  return new KafkaError('the producer was closed', { code: 'CLOSED', retriable: false });
}
