// What the monitor answers about topics. Types only: browsers import it.

/** How much a partition holds. Offsets are 64-bit numbers, as text. */
export interface PartitionSize {
  readonly partition: number;
  /** The oldest that still exists. */
  readonly firstOffset: string;
  /** What the next record will get. */
  readonly endOffset: string;
  /** Those between the two: a compacted topic has fewer. */
  readonly records: number;
}

export interface TopicSize {
  readonly topic: string;
  readonly records: number;
  /** By their numbers. */
  readonly partitions: readonly PartitionSize[];
}

/** `GET /api/topics`: by name, Kafka's own left out. */
export interface TopicSizes {
  /** When the brokers were asked, Unix milliseconds. */
  readonly atMs: number;
  readonly items: readonly TopicSize[];
}
