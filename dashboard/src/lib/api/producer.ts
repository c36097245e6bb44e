import { getQuery, type Request } from './request.ts';

/** A topic as the producer API lists it. */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Null: for ever. */
  readonly retentionMs: number | null;
  readonly publishable: boolean;
  /** Whether it is the pipeline's own. */
  readonly system: boolean;
}

export interface TopicSchemas {
  readonly topic: string;
  readonly compatibility: string | null;
  /** Field that is the Kafka key; null: there is none. */
  readonly key: string | null;
  /** Newest first; `schema` is Avro. */
  readonly versions: readonly {
    readonly version: number;
    readonly schemaId: number;
    readonly schema: unknown;
  }[];
  /** An event that the newest one takes. */
  readonly example: unknown;
}

export interface NewTopic {
  readonly name: string;
  /** Avro, as JSON. */
  readonly schema: unknown;
  readonly partitions?: number;
  /** -1: for ever. */
  readonly retentionMs?: number;
}

/** A 202. */
export interface Accepted {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** The producer API's contract, under `/producer`. Each throws ApiError. */
export type ProducerApi = ReturnType<typeof createProducerApi>;

export function createProducerApi(request: Request) {
  const step = encodeURIComponent;
  return {
    topics: () => getQuery<{ topics: readonly Topic[] }>(request, '/producer/topics'),
    topic: (name: string) => getQuery<Topic>(request, `/producer/topics/${step(name)}`),
    /** 404: the topic has no schema. */
    schemas: (topic: string) => getQuery<TopicSchemas>(request, `/producer/schemas/${step(topic)}`),
    /** Needs the role operator, as does `createTopic`. */
    changeTopic: (name: string, change: { readonly retentionMs: number }) =>
      request<Topic>(`/producer/topics/${step(name)}`, { method: 'PATCH', body: change }),
    createTopic: (wanted: NewTopic) =>
      request<Topic>('/producer/topics', { method: 'POST', body: wanted }),
    /**
     * Publishes one event.
     * @param eventText `{topic, data, key?}` as JSON; a text, so that exact decimals stay what was typed
     * @param idempotencyKey the same for each try of one event
     */
    publish: (eventText: string, idempotencyKey: string) =>
      request<Accepted>('/producer/events', {
        method: 'POST',
        bodyText: eventText,
        headers: { 'idempotency-key': idempotencyKey },
      }),
  };
}
