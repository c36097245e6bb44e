import type { Codec } from '@shelfcast/schemas/codec';
import { CodecError } from '@shelfcast/schemas/errors';
import type { SubjectCatalog, SubjectVersion } from '@shelfcast/schemas/registry/transport';
import { valueSubject } from '@shelfcast/schemas/topics';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { LRUCache } from 'lru-cache';
import { type AvroRecord, type CheckedEvent, compileCheck } from '../contract/compile-check.ts';
import { parseShape } from '../contract/parse-shape.ts';
import type { RecordShape } from '../contract/shape.ts';
import type { JsonValue } from '../json/parse-json.ts';

/** The newest schema of a topic, ready to check and write its events. */
export interface TopicContract extends SubjectVersion {
  readonly topic: string;
  readonly shape: RecordShape;
  /** Checks an event's JSON; `pointer` says where in the request it stands. */
  readonly check: (event: JsonValue, pointer: string) => CheckedEvent;
  /** The record's value in the Confluent wire format. */
  readonly encode: (event: AvroRecord) => Buffer;
}

/** Topics and their schemas, as the registry has them. */
export interface ContractCache {
  /**
   * The topic's contract, or undefined when it has no schema. What is known is answered at once, and read
   * again in the background when it is older than `maxAgeMs`: publishing goes on while the registry is away.
   * @throws {CodecError} REGISTRY_UNAVAILABLE, when nothing is known of the topic yet
   * @throws {SchemaError} when its schema is none that events can be checked against
   */
  find(topic: string): TopicContract | undefined | Promise<TopicContract | undefined>;
  /** The next `find` asks the registry: the topic's schema was changed here. */
  forget(topic: string): void;
}

export interface ContractCacheOptions {
  readonly registry: Pick<SubjectCatalog, 'latest'>;
  readonly codec: Pick<Codec, 'encoder'>;
  readonly log: Logger;
  /** How soon a schema registered elsewhere is used, default 5,000 ms. */
  readonly maxAgeMs?: number;
  /** How long an unknown topic is not asked for again, default 500 ms. */
  readonly missTtlMs?: number;
  readonly nowMs?: () => number;
}

interface Entry {
  readonly contract: TopicContract | undefined;
  checkedAtMs: number;
}

const MAX_TOPICS = 2_000;

export function createContractCache(options: ContractCacheOptions): ContractCache {
  const { registry, codec, log, maxAgeMs = 5_000, missTtlMs = 500, nowMs = Date.now } = options;
  const entries = new LRUCache<string, Entry>({ max: MAX_TOPICS });
  const underway = new Map<string, Promise<TopicContract | undefined>>();

  async function fetch(topic: string): Promise<TopicContract | undefined> {
    const known = entries.peek(topic)?.contract;
    const latest = await registry.latest(valueSubject(topic));
    const isSame = latest !== undefined && latest.version === known?.version;
    const contract = isSame || latest === undefined ? known : await compile(topic, latest);
    const entry = { contract: latest === undefined ? undefined : contract, checkedAtMs: nowMs() };
    entries.set(topic, entry);
    return entry.contract;
  }

  async function compile(topic: string, version: SubjectVersion): Promise<TopicContract> {
    const { schemaText } = version;
    const shape = parseShape(schemaText);
    const encode = await codec.encoder<AvroRecord>({ topic, schemaText });
    return { ...version, topic, shape, check: compileCheck(shape), encode };
  }

  function ask(topic: string): Promise<TopicContract | undefined> {
    const pending = underway.get(topic);
    if (pending !== undefined) return pending;
    const asking = fetch(topic).finally(() => underway.delete(topic));
    underway.set(topic, asking);
    return asking;
  }

  function refresh(topic: string, entry: Entry): void {
    entry.checkedAtMs = nowMs(); // asked once per age, also while the registry is away
    ask(topic).catch((error) => {
      const expected = error instanceof CodecError && error.retriable;
      log[expected ? 'info' : 'warn']({ error, topic }, 'kept to the schema known before');
    });
  }

  return {
    find(topic) {
      const entry = entries.get(topic);
      if (entry === undefined) return ask(topic);
      const ageMs = nowMs() - entry.checkedAtMs;
      if (entry.contract === undefined) return ageMs < missTtlMs ? undefined : ask(topic);
      if (ageMs >= maxAgeMs) refresh(topic, entry);
      return entry.contract;
    },
    forget: (topic) => void entries.delete(topic),
  };
}
