import type { Kafka, KafkaBatch } from '@shelfcast/service-kit/kafka/types';

/** Lets the batches of a consumer through, or holds them back. */
export interface Gate {
  /** Holds back what comes from now on; resolves when nothing is in hand any more. */
  close(): Promise<void>;
  open(): void;
  /** The same Kafka, where consumers belong to a group and go through this gate. */
  guard(kafka: Kafka, groupId: string): Kafka;
}

export function createGate(): Gate {
  let isOpen = true;
  const inHand = new Set<Promise<void>>();
  let onOpen: (() => void)[] = [];

  /** Rejects when the batch is withdrawn: the partition was given away, or the consumer stops. */
  async function passed({ signal }: KafkaBatch): Promise<void> {
    while (!isOpen) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        onOpen.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  return {
    async close() {
      isOpen = false;
      await Promise.allSettled(inHand);
    },
    open() {
      isOpen = true;
      for (const resolve of onOpen) resolve();
      onOpen = [];
    },
    guard: (kafka, groupId) => ({
      ...kafka,
      createConsumer: (options) =>
        kafka.createConsumer({
          ...options,
          groupId,
          async onBatch(batch) {
            await passed(batch);
            const handling = options.onBatch(batch);
            inHand.add(handling);
            try {
              await handling;
            } finally {
              inHand.delete(handling);
            }
          },
        }),
    }),
  };
}
