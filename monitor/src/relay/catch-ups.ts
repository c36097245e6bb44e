import type { Codec } from '@shelfcast/schemas/codec';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { type CatchUpClient, catchUp } from './catch-up.ts';
import type { RelayMetrics } from './metrics.ts';
import type { Positions } from './positions.ts';
import type { Recent } from './recent.ts';

export interface CatchUpsOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly topic: string;
  readonly recent: Recent;
  readonly metrics: Pick<RelayMetrics, 'catchingUp'>;
}

export interface CatchUps {
  /** Resolves when the client has joined, or the signal was aborted. Never rejects. */
  begin(client: CatchUpClient, since: Positions, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Those who are told what they missed share one connection to the brokers, and take turns at it. */
export function createCatchUps(options: CatchUpsOptions): CatchUps {
  const { kafka, codec, topic, recent, metrics } = options;
  const reader = kafka.createLogReader();
  const admin = kafka.createAdmin();
  let turn: Promise<unknown> = Promise.resolve();

  function takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  }

  return {
    async begin(client, since, signal) {
      metrics.catchingUp.inc();
      try {
        await catchUp({ topic, recent, reader, admin, codec, takeTurn }, client, since, signal);
      } finally {
        metrics.catchingUp.dec();
      }
    },
    async stop() {
      reader.close();
      await admin.close();
    },
  };
}
