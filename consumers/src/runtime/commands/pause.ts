import type { KafkaConsumer } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Gauge } from 'prom-client';

export interface PauseOptions {
  readonly name: string;
  readonly consumer: Pick<KafkaConsumer, 'pause' | 'resume'>;
  readonly topics: readonly string[];
  readonly metrics: { readonly paused: Gauge<'consumer'> };
  readonly log: Logger;
}

/** Stops a consumer's reading and lets it go on, as `runtime.pauses` says. */
export function createPause({ name, consumer, topics, metrics, log }: PauseOptions) {
  let because: string | undefined;
  const places = topics.map((topic) => ({ topic }));
  return {
    isPaused: () => because !== undefined,
    /** @param reason undefined: it goes on */
    onPaused(reason: string | undefined): void {
      if (reason === because) return;
      because = reason;
      metrics.paused.set({ consumer: name }, reason === undefined ? 0 : 1);
      log.warn({ reason }, reason === undefined ? 'goes on after a pause' : 'paused');
      if (reason === undefined) consumer.resume(places);
      else consumer.pause(places);
    },
  };
}
