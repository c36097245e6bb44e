import type { Message, RecordMetadata, TopicMessages } from 'kafkajs';
import type { Logger } from '../../process/logging.ts';
import { createClient } from '../client/client.ts';
import { partitionKey } from '../partition-key.ts';
import type { KafkaConnection, RecordToSend, SentRecord } from '../types.ts';
import { partitionForKey } from './partitioner.ts';

/** One kafkajs producer: one producer id, one numbering of what it wrote. */
export interface ProducerSession {
  /** Sends one request per broker; undefined for a record that no broker answered for. */
  send(records: readonly RecordToSend[]): Promise<(SentRecord | undefined)[]>;
  /** Whether a broker could have received anything. */
  everConnected(): boolean;
  lastProblem(): string | undefined;
  close(): Promise<void>;
  /** Ends it at once: nothing is written afterwards. */
  fence(): void;
}

export interface ProducerSessionOptions {
  readonly connection: KafkaConnection;
  readonly clientId: string;
  readonly log: Logger;
  /** kafkajs is caught in retries that it cannot get out of. */
  readonly onPoisoned: (error: Error) => void;
}

/** Text of Kafka's UNKNOWN_TOPIC_OR_PARTITION in kafkajs' table of errors. */
const UNKNOWN_TOPIC_TEXT = 'This server does not host this topic-partition';

/**
 * A connected idempotent producer (acks=all, one request in flight).
 *
 * After any failed request it must be thrown away: kafkajs then takes back the sequence numbers of
 * every partition in the request, also of those that were written, and the broker would take the
 * next, different records for repetitions and drop them.
 */
export function openProducerSession(options: ProducerSessionOptions): {
  session: ProducerSession;
  connected: Promise<void>;
} {
  const { log } = options;
  const client = createClient({
    ...options,
    // A topic once written to stays in every metadata request of a kafkajs producer; when it is
    // deleted all sends fail and are retried for minutes. Only its log tells so in time.
    onLog: ({ log: { message, error } }) => {
      if (`${message} ${error}`.includes(UNKNOWN_TOPIC_TEXT)) {
        options.onPoisoned(
          Object.assign(new Error(UNKNOWN_TOPIC_TEXT), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }),
        );
      }
    },
  });
  const producer = client.kafkajs.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: stickyPartitioner,
  });

  const session: ProducerSession = {
    everConnected: client.everConnected,
    lastProblem: client.lastProblem,
    fence: client.fence,
    async send(records) {
      const { topicMessages, messages } = toTopicMessages(records);
      const answers = await producer.sendBatch({ acks: -1, topicMessages });
      return placeRecords(records, messages, answers);
    },
    async close() {
      try {
        await producer.disconnect();
      } catch (error) {
        log.debug({ error }, 'producer did not disconnect cleanly');
      }
      client.fence();
    },
  };
  return { session, connected: producer.connect() };
}

function toTopicMessages(records: readonly RecordToSend[]): {
  topicMessages: TopicMessages[];
  messages: Message[];
} {
  const byTopic = new Map<string, Message[]>();
  const messages = records.map(({ topic, key, value, headers, partition }) => {
    const message: Message = {
      key,
      value,
      ...(headers === undefined ? {} : { headers }),
      ...(partition === undefined ? {} : { partition }),
    };
    const group = byTopic.get(topic);
    if (group === undefined) byTopic.set(topic, [message]);
    else group.push(message);
    return message;
  });
  return {
    topicMessages: [...byTopic].map(([topic, group]) => ({ topic, messages: group })),
    messages,
  };
}

interface PartitionerArgs {
  readonly topic: string;
  readonly partitionMetadata: readonly unknown[];
  readonly message: Message;
}

/**
 * Decides once per record and remembers it in the message: kafkajs asks again at every retry, and a
 * record without a key would otherwise move, which breaks the numbering of both partitions.
 */
function stickyPartitioner(): (args: PartitionerArgs) => number {
  let turn = 0;
  return ({ partitionMetadata, message }) => {
    if (message.partition === undefined) {
      const count = partitionMetadata.length;
      if (message.key === undefined || message.key === null) {
        message.partition = turn % count;
        turn += 1;
      } else {
        message.partition = partitionForKey(message.key, count);
      }
    }
    return message.partition;
  };
}

/**
 * Offsets of the records: within a request, a partition's records keep their order. kafkajs can
 * forget a partition (its leader moved to a broker that had already answered): those are undefined.
 */
export function placeRecords(
  records: readonly RecordToSend[],
  messages: readonly Message[],
  answers: readonly RecordMetadata[],
): (SentRecord | undefined)[] {
  const next = new Map<string, { offset: bigint; timestampMs: number | null }>();
  for (const { topicName, partition, baseOffset, logAppendTime } of answers) {
    if (baseOffset === undefined) continue;
    const timestampMs = Number(logAppendTime ?? -1);
    next.set(partitionKey({ topic: topicName, partition }), {
      offset: BigInt(baseOffset),
      timestampMs: timestampMs < 0 ? null : timestampMs,
    });
  }
  return records.map(({ topic }, index) => {
    const partition = messages[index]?.partition;
    if (partition === undefined) return undefined;
    const place = next.get(partitionKey({ topic, partition }));
    if (place === undefined) return undefined;
    const sent = { topic, partition, offset: place.offset, timestampMs: place.timestampMs };
    place.offset += 1n;
    return sent;
  });
}
