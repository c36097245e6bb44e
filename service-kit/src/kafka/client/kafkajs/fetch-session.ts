/** Partitions of a fetch, as kafkajs asks for them. */
export interface FetchedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly fetchOffset: string;
    readonly maxBytes: number;
  }[];
}

/** What to send: all partitions to open a session, or what is new since the last fetch of it. */
export interface FetchPlan {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly FetchedTopic[];
  readonly forgottenTopics: readonly {
    readonly topic: string;
    readonly partitions: readonly number[];
  }[];
}

export interface FetchSession {
  next(topics: readonly FetchedTopic[]): FetchPlan;
  /** The broker took the plan; `sessionId` is that of its answer, 0 where it keeps no session. */
  accepted(sessionId: number): void;
  /** The broker may not have what we think it has: the next fetch opens a new session. */
  reset(): void;
}

const NO_SESSION = 0;
const FIRST_EPOCH = 0;
const LAST_EPOCH = 2 ** 31 - 1;

/**
 * An incremental fetch session (KIP-227) with one broker: after the first fetch only partitions whose offset has moved
 * are named, and only those with records are answered. kafkajs knows the fields and does not use them, so that each
 * record costs a request and an answer over all partitions of the group.
 */
export function createFetchSession(): FetchSession {
  let sessionId = NO_SESSION;
  let epoch = FIRST_EPOCH;
  /** As the broker has it once the plan under way is accepted: `offset maxBytes`, by topic and partition. */
  let known = new Map<string, Map<number, string>>();

  function reset(): void {
    sessionId = NO_SESSION;
    epoch = FIRST_EPOCH;
    known = new Map();
  }

  return {
    next(topics) {
      const wanted = new Map(
        topics.map(({ topic, partitions }) => [
          topic,
          new Map(
            partitions.map(({ partition, fetchOffset, maxBytes }) => [
              partition,
              `${fetchOffset} ${maxBytes}`,
            ]),
          ),
        ]),
      );
      const changed = topics.flatMap(({ topic, partitions }) => {
        const moved = partitions.filter(
          ({ partition }) => known.get(topic)?.get(partition) !== wanted.get(topic)?.get(partition),
        );
        return moved.length === 0 ? [] : [{ topic, partitions: moved }];
      });
      const forgottenTopics = [...known].flatMap(([topic, partitions]) => {
        const gone = [...partitions.keys()].filter(
          (partition) => wanted.get(topic)?.has(partition) !== true,
        );
        return gone.length === 0 ? [] : [{ topic, partitions: gone }];
      });
      known = wanted;
      return { sessionId, sessionEpoch: epoch, topics: changed, forgottenTopics };
    },
    accepted(id) {
      if (id === NO_SESSION) return reset();
      epoch = id !== sessionId || epoch === LAST_EPOCH ? 1 : epoch + 1;
      sessionId = id;
    },
    reset,
  };
}
