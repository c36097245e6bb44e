/** Where the brokers are and how to prove who we are; made from settings by `kafkaConnection`. */
export interface KafkaConnection {
  /** `host:port` of the brokers asked first; the cluster names the others. */
  readonly bootstrapServers: readonly string[];
  /** TLS with the given PEM texts; absent = plaintext. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** Largest record in bytes (key + value + headers) that may be sent. */
  readonly maxRecordBytes: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Topic with some of its partitions; without `partitions`, all of them. */
export interface TopicPartitions {
  readonly topic: string;
  readonly partitions?: readonly number[] | undefined;
}

/** Values per header name, in the order written; a header may be repeated. */
export type RecordHeaders = Readonly<Record<string, readonly Buffer[]>>;

export interface KafkaRecord extends TopicPartition {
  readonly offset: bigint;
  readonly key: Buffer | null;
  /** `null` is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** Milliseconds since the Unix epoch; the broker's clock where the topic uses LogAppendTime. */
  readonly timestampMs: number;
}

/** What a producer is given. Without `partition`, the key decides (murmur2, as the Java client). */
export interface RecordToSend {
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string>>;
  readonly partition?: number;
}

/** Where a record was written. */
export interface SentRecord extends TopicPartition {
  readonly offset: bigint;
  /** Broker time in milliseconds since the Unix epoch; null where the topic keeps CreateTime. */
  readonly timestampMs: number | null;
}

export interface ProducerOptions {
  /** Topics that may be written to; absent = any. Others fail with TOPIC_NOT_ALLOWED. */
  readonly topics?: readonly string[] | ((topic: string) => boolean);
  /** From `send` to the answer, waiting for room included (default 30,000 ms). */
  readonly deliveryTimeoutMs?: number;
  /** Bytes of one produce request; a larger record travels alone (default 1 MiB). */
  readonly maxRequestBytes?: number;
  /** Records of one produce request (default 1,000). */
  readonly maxRequestRecords?: number;
  /** Bytes waiting for earlier requests; above it `send` waits for room (default 64 MiB). */
  readonly maxQueuedBytes?: number;
}

export interface KafkaProducer {
  /**
   * Sends records, together with those that other callers hand over while a request is in flight;
   * resolves when all in-sync replicas have them, in the order given. Records of one partition are
   * written in the order of the calls.
   *
   * @throws KafkaSendError when at least one record failed; its `results` tell which, and where the
   *   others are
   */
  send(records: readonly RecordToSend[]): Promise<SentRecord[]>;
  /** Whether the last request was answered: for readiness. */
  isConnected(): boolean;
  /** Refuses new records, sends what is queued (up to the deadline, default 5,000 ms), disconnects. */
  close(deadlineMs?: number): Promise<void>;
}

/** Consecutive records of one partition. */
export interface KafkaBatch extends TopicPartition {
  /** Offset the next record written to the partition will get. */
  readonly highWatermark: bigint;
  /** At least one, by ascending offset. */
  readonly records: readonly KafkaRecord[];
  /** Aborted when the group rebalances or the consumer stops: the batch will come again. */
  readonly signal: AbortSignal;
}

export interface OffsetReset extends TopicPartition {
  /** Offset that was to be read next; null where the group had none. */
  readonly from: bigint | null;
  /** Oldest offset that still exists; reading goes on from there. */
  readonly to: bigint | null;
}

export interface PartitionLag extends TopicPartition {
  /** Offset to be handled next; null until the first fetch where nothing was ever committed. */
  readonly current: bigint | null;
  readonly high: bigint;
  /** Records written and not yet handled. */
  readonly messages: bigint;
}

export interface HandlingError extends TopicPartition {
  /** First offset of the batch that will be tried again. */
  readonly offset: bigint;
  /** Failures in a row at this offset, from 1. */
  readonly attempt: number;
  readonly retryDelayMs: number;
  readonly error: unknown;
}

export interface ConsumerOptions {
  readonly groupId: string;
  /** A pattern is looked up again every `topicRefreshMs`: new topics are joined, deleted ones left. */
  readonly topics: readonly string[] | RegExp;
  /**
   * Handles a batch; resolves when its effects are durable. Only then are its offsets committed, and the partition's
   * next batch comes, with all that was fetched meanwhile. When it rejects, this partition alone is given the same
   * batch again after a pause, for ever; other partitions go on. Records may come again after a crash or rebalance.
   */
  readonly onBatch: (batch: KafkaBatch) => Promise<void>;
  /**
   * Called before each commit; resolves when the offsets of all batches handled so far may be
   * committed. For what goes on after a batch was handled; the next batch does not wait for it.
   */
  readonly beforeCommit?: () => Promise<void>;
  /** Called for each rejection of `onBatch`; the default logs it. */
  readonly onError?: (error: HandlingError) => void;
  /** Called when the offset to be read was gone: records were lost to retention or a new topic. */
  readonly onOffsetReset?: (reset: OffsetReset) => void;
  /** The consumer cannot go on (lag without progress, or a group that cannot be joined): the process is to exit non-zero. */
  readonly onFatal: (error: Error) => void;
  /** Silence after which the group gives the partitions to others (default 6,000 ms). */
  readonly sessionTimeoutMs?: number;
  /** How long the broker holds a fetch with nothing to return (default 500 ms). */
  readonly maxWaitMs?: number;
  /**
   * Bytes of one partition in one fetch, and waiting to be handled (default 1 MiB). A larger record comes all the same, alone:
   * a broker always serves the first record of the first partition (KIP-74), and their order changes.
   */
  readonly maxPartitionBytes?: number;
  /**
   * How long, once dozens of records a second come, the next fetch waits after one that read a partition to its end, so
   * that it brings more at once (default: not at all). For readers that need not be the first to know: a fetch costs
   * them and the broker as much for one record as for a hundred.
   */
  readonly fetchLingerMs?: number;
  /** How often handled offsets are committed (default 500 ms). */
  readonly commitIntervalMs?: number;
  /** How often a pattern is looked up again (default 2,000 ms). */
  readonly topicRefreshMs?: number;
  /** Lag without progress, no batch being in hand, after which `onFatal` is called (default 30,000 ms). */
  readonly stallTimeoutMs?: number;
  /** Time one batch may be in hand before `onFatal` is called (default 600,000 ms). */
  readonly handlingTimeoutMs?: number;
  /** First and longest pause after a failed batch (default 100 and 5,000 ms). */
  readonly retryDelayMs?: { readonly first: number; readonly longest: number };
}

export interface KafkaConsumer {
  /** Stops fetching; survives rebalances and restarts of the connection. */
  pause(partitions: readonly TopicPartitions[]): void;
  resume(partitions: readonly TopicPartitions[]): void;
  /** Partitions this member has now. */
  assignment(): TopicPartition[];
  /** Whether the member has joined its group, with all of its topics: for readiness. */
  isReady(): boolean;
  /** Whether it has joined its group with those of its topics that exist. */
  isJoined(): boolean;
  /** Topics that it is to read and that do not exist. */
  missingTopics(): readonly string[];
  /** Asks the brokers for the end of each assigned partition. */
  lag(): Promise<PartitionLag[]>;
  /** Waits for batches in hand, commits what was handled, leaves the group. */
  stop(): Promise<void>;
}

/** Records of one partition, read without a group. */
export interface FetchedPartition {
  readonly partition: number;
  /** By ascending offset; none where only control records were read. */
  readonly records: readonly KafkaRecord[];
  /** Offset to read after them. */
  readonly nextOffset: bigint;
  /** Offset the next record written to the partition will get. */
  readonly highWatermark: bigint;
}

export interface ReadRequest {
  readonly topic: string;
  /** Offset to begin at, per partition to be read. */
  readonly from: ReadonlyMap<number, bigint>;
  /** How long the broker may wait for a record when there is none (default 100 ms). */
  readonly maxWaitMs?: number;
  /** Bytes of one partition (default 1 MiB) and of all (default 8 MiB); a larger record comes all the same, alone. */
  readonly maxPartitionBytes?: number;
  readonly maxBytes?: number;
}

export interface LogReader {
  /**
   * Reads once, of every partition asked for, what there is from the given offsets on, up to the limits. Partitions of
   * which nothing was read are left out. Reads of one reader are answered by a broker one after the other.
   * @throws KafkaError OFFSET_OUT_OF_RANGE where an offset is gone or not yet written; UNKNOWN_TOPIC; UNAVAILABLE
   */
  read(request: ReadRequest): Promise<FetchedPartition[]>;
  close(): void;
}

export interface FollowOptions {
  readonly topic: string;
  /** Told once, before anything is read: the offsets reading begins at, which are the ends of the partitions. */
  readonly onStart: (positions: ReadonlyMap<number, bigint>) => void;
  /** The next records; what follows of these partitions is handed over when it has resolved. Never to reject. */
  readonly onRecords: (fetched: readonly FetchedPartition[]) => Promise<void> | void;
  /** Records were gone before they were read. */
  readonly onGap: (gap: TopicPartition & { readonly from: bigint; readonly to: bigint }) => void;
}

export interface LogFollower {
  /** Whether the last request was answered: for readiness. */
  isConnected(): boolean;
  stop(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic configuration by Kafka's names (`retention.ms`, `max.message.bytes`, …). */
  readonly configs: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: readonly number[];
    readonly inSyncReplicas: readonly number[];
  }[];
}

/** What `ensureTopics` did to one topic. */
export interface EnsuredTopic {
  readonly topic: string;
  readonly action: 'created' | 'altered' | 'unchanged';
  /** Configs that differed, by name. */
  readonly changed: Readonly<Record<string, { readonly from: string | null; readonly to: string }>>;
}

export interface Watermarks {
  /** Oldest offset that still exists. */
  readonly low: bigint;
  /** Offset the next record will get. */
  readonly high: bigint;
}

export interface GroupOffset extends TopicPartition {
  /** Next offset the group will read; null where nothing was committed. */
  readonly offset: bigint | null;
}

export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
}

export interface KafkaAdmin {
  listTopics(): Promise<string[]>;
  /** Topics that exist, of those asked for (all when none are named). */
  describeTopics(topics?: readonly string[]): Promise<TopicDescription[]>;
  /** Effective configuration per topic, defaults included. */
  topicConfigs(topics: readonly string[]): Promise<Map<string, Map<string, string>>>;
  /** Effective configuration per broker id. */
  brokerConfigs(): Promise<Map<number, Map<string, string>>>;
  /**
   * Creates what is missing and alters configs that differ; other configs set on the topic stay.
   * @throws KafkaError TOPIC_MISMATCH before anything is changed, when a topic has another number of
   *   partitions: keys would move
   */
  ensureTopics(specs: readonly TopicSpec[]): Promise<EnsuredTopic[]>;
  /**
   * Creates a topic.
   * @throws KafkaError TOPIC_EXISTS; REFUSED with the broker's words (name, replication factor, configs)
   */
  createTopic(spec: TopicSpec): Promise<void>;
  /** Sets configs of a topic; others set on it stay. */
  alterTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void>;
  /** Gives a topic more partitions. Keys move: only for topics whose records have none. */
  addPartitions(topic: string, partitions: number): Promise<void>;
  /** Groups with a member that is assigned a partition of the topic now. */
  groupsReading(topic: string): Promise<string[]>;
  /**
   * Topics that each of these groups reads now: those assigned to its members, and of a member without a partition those
   * it subscribes to. None while a group rebalances or does not run.
   */
  topicsReadBy(groupIds: readonly string[]): Promise<Map<string, ReadonlySet<string>>>;
  /** Deletes topics; those that do not exist are ignored. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Oldest offset and end of each partition of a topic. */
  watermarks(topic: string): Promise<Map<number, Watermarks>>;
  /** End of each partition of a topic. */
  highWatermarks(topic: string): Promise<Map<number, bigint>>;
  /** Committed offsets; for the named topics, or all the group has committed for. */
  groupOffsets(groupId: string, topics?: readonly string[]): Promise<GroupOffset[]>;
  groupLag(groupId: string, topics?: readonly string[]): Promise<PartitionLag[]>;
  /**
   * Commits where a group that has no members is to begin.
   * @throws KafkaError UNAVAILABLE
   */
  setGroupOffsets(
    groupId: string,
    offsets: readonly (TopicPartition & { readonly offset: bigint })[],
  ): Promise<void>;
  /** Deletes a group that has no members, with its offsets; one that does not exist is ignored. */
  deleteGroup(groupId: string): Promise<void>;
  groupMembers(groupId: string): Promise<GroupMember[]>;
  close(): Promise<void>;
}

export interface Kafka {
  /** Connects, so that the first send is a warm one. */
  createProducer(options?: ProducerOptions): Promise<KafkaProducer>;
  /** Starts to consume, from the beginning where the group has committed nothing. */
  createConsumer(options: ConsumerOptions): Promise<KafkaConsumer>;
  /** Connects on first use. */
  createAdmin(): KafkaAdmin;
  /** Reads given offsets, without a group; connects on first use. */
  createLogReader(): LogReader;
  /**
   * Reads all partitions of a topic from their present end on, without a group and so beside all others; goes on
   * after any failure of the brokers, and reads partitions that are added later as well.
   */
  followTopic(options: FollowOptions): Promise<LogFollower>;
}
