import { isSystemTopic } from '@shelfcast/schemas/topics';
import {
  formatTraceparent,
  TRACEPARENT_HEADER,
  type TraceContext,
} from '@shelfcast/schemas/trace-context';
import type { Clock } from '@shelfcast/service-kit/clock';
import { invalid, Problem } from '@shelfcast/service-kit/http/problem';
import { SchemaError } from '../contract/parse-shape.ts';
import { eventIdOf } from '../idempotency/name-event.ts';
import type { ContractCache, TopicContract } from '../topics/contract-cache.ts';
import type { CloudEventAttributes, Envelope } from './envelope.ts';
import type { AcceptedEvent } from './event.ts';

export interface AcceptOptions {
  readonly contracts: Pick<ContractCache, 'find'>;
  /** First part of the names of CDC topics, which take no published events. */
  readonly topicPrefix: string;
  /** Largest event: key, value and headers as Kafka counts them. */
  readonly maxEventBytes: number;
  /** INSTANCE_ID of this process. */
  readonly instance: string;
  readonly clock: Clock;
}

export interface AcceptContext {
  /** Name of the caller that was let in. */
  readonly caller: string;
  readonly trace: TraceContext | undefined;
}

/** Checks an event against its topic's contract and makes its record. */
export type Accept = (envelope: Envelope, context: AcceptContext) => Promise<AcceptedEvent>;

const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

/**
 * @returns a function that rejects with a Problem: 403 for a topic of the pipeline itself, 404 for one without a
 *   schema, 413, 422 with every violation; and with CodecError when a schema that is needed cannot be had
 */
export function createAccept(options: AcceptOptions): Accept {
  const { contracts, topicPrefix, maxEventBytes, instance, clock } = options;

  async function contractOf(topic: string): Promise<TopicContract> {
    if (!TOPIC_NAME.test(topic))
      throw new Problem('unknown-topic', 'There is no topic of this name');
    if (isSystemTopic(topic, topicPrefix)) {
      throw new Problem('forbidden', `${topic} is the pipeline’s own: no caller publishes to it`);
    }
    try {
      const contract = await contracts.find(topic);
      if (contract !== undefined) return contract;
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      const detail = `The schema of ${topic} is none that events can be checked against: ${error.message}`;
      throw new Problem('unknown-topic', detail, { cause: error });
    }
    throw new Problem('unknown-topic', `There is no topic ${topic} with a schema`);
  }

  return async (envelope, { caller, trace }) => {
    const { topic, data, dataPointer, cloudEvent } = envelope;
    const { check, encode, shape } = await contractOf(topic);
    const checked = check(data, dataPointer);
    if (!checked.ok) throw invalid(checked.violations);
    const own = shape.key === undefined ? undefined : checked.value[shape.key];
    if (typeof own === 'string' && envelope.key !== undefined && envelope.key !== own) {
      const detail = `must be ${shape.key}, which is the key of ${topic}, or be left out`;
      throw invalid([{ pointer: '/key', code: 'not_the_key', detail }]);
    }
    const key = typeof own === 'string' ? own : (envelope.key ?? null);
    const bytes = encode(checked.value);
    const headers = {
      ...(trace === undefined ? {} : { [TRACEPARENT_HEADER]: formatTraceparent(trace) }),
      ...(cloudEvent === undefined ? {} : contextHeaders(cloudEvent)),
    };
    const size =
      bytes.length + Buffer.byteLength(key ?? '') + Buffer.byteLength(JSON.stringify(headers));
    if (size > maxEventBytes) {
      throw new Problem('too-large', `The event has ${size} bytes; ${maxEventBytes} are taken`);
    }
    return {
      id: eventIdOf(envelope, { instance, caller }),
      ...{ topic, key, value: checked.value, bytes, headers },
      caller,
      source: cloudEvent?.source,
      sourceId: cloudEvent?.id,
      type: cloudEvent?.type,
      subject: cloudEvent?.subject,
      acceptedAtUs: BigInt(Math.round(clock() * 1000)),
      traceId: trace?.traceId,
      parentSpanId: trace?.spanId,
    };
  };
}

/** The caller's id and time beside ours (`ce_id`, `ce_time`), and the attributes that mean nothing to us. */
function contextHeaders({ id, time, extensions }: CloudEventAttributes): Record<string, string> {
  const headers: Record<string, string> = {
    ce_sourceid: id,
    ...(time === undefined ? {} : { ce_sourcetime: time }),
  };
  for (const [name, value] of Object.entries(extensions)) headers[`ce_${name}`] = value;
  return headers;
}
