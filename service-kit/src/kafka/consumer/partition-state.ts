import { partitionKey } from '../partition-key.ts';
import type { TopicPartition, TopicPartitions } from '../types.ts';

interface State {
  /** Next offset to handle, as far as known. */
  position: bigint | null;
  /** Handled and not committed yet: the next offset. */
  uncommitted: bigint | null;
}

/** What a consumer knows about each partition it has, beside what kafkajs keeps to itself. */
export interface PartitionStates {
  of(partition: TopicPartition): State;
  /** Takes over a new assignment: what is no longer assigned is forgotten. */
  assign(partitions: readonly TopicPartition[]): void;
  assignment(): TopicPartition[];
  /** Offsets handled since the last commit. */
  uncommitted(): (TopicPartition & { readonly offset: bigint })[];
  /** Marks offsets as committed, unless more was handled meanwhile. */
  committed(offsets: readonly (TopicPartition & { readonly offset: bigint })[]): void;
  /** By the caller's own wish; independent of pauses after failures. */
  pauseByRequest(partitions: readonly TopicPartitions[]): void;
  resumeByRequest(partitions: readonly TopicPartitions[]): void;
  isPausedByRequest(partition: TopicPartition): boolean;
}

export function createPartitionStates(): PartitionStates {
  const states = new Map<string, State>();
  let assigned: readonly TopicPartition[] = [];
  /** `topic` = all its partitions, or `topic/partition`. */
  const requestedPauses = new Set<string>();

  const namesOf = ({ topic, partitions }: TopicPartitions): string[] =>
    partitions === undefined
      ? [topic]
      : partitions.map((partition) => partitionKey({ topic, partition }));

  function of(partition: TopicPartition): State {
    const key = partitionKey(partition);
    const known = states.get(key);
    if (known !== undefined) return known;
    const fresh: State = { position: null, uncommitted: null };
    states.set(key, fresh);
    return fresh;
  }

  return {
    of,
    assign(partitions) {
      assigned = partitions;
      const kept = new Set(partitions.map(partitionKey));
      for (const key of states.keys()) if (!kept.has(key)) states.delete(key);
    },
    assignment: () => [...assigned],
    uncommitted: () =>
      assigned.flatMap((partition) => {
        const offset = of(partition).uncommitted;
        return offset === null ? [] : [{ ...partition, offset }];
      }),
    committed(offsets) {
      for (const entry of offsets) {
        const state = of(entry);
        if (state.uncommitted === entry.offset) state.uncommitted = null;
      }
    },
    pauseByRequest(partitions) {
      for (const name of partitions.flatMap(namesOf)) requestedPauses.add(name);
    },
    resumeByRequest(partitions) {
      for (const { topic, partitions: some } of partitions) {
        for (const name of namesOf({ topic, partitions: some })) {
          requestedPauses.delete(name);
        }
        if (some !== undefined) continue;
        for (const name of requestedPauses) {
          if (name.startsWith(`${topic}/`)) requestedPauses.delete(name);
        }
      }
    },
    isPausedByRequest: (partition) =>
      requestedPauses.has(partition.topic) || requestedPauses.has(partitionKey(partition)),
  };
}
