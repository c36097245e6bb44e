import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorContext } from '@shelfcast/connect-config/context';
import { beyondMarkers, endsOf } from '@shelfcast/connect-config/initial-snapshot';
import { passFence } from '@shelfcast/connect-config/stored-offset';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';
import { recordsBehind } from '../runtime/sweep/arguments.ts';
import type { ComparedTable } from './plan.ts';

export interface FenceOptions {
  readonly source: Pick<ConnectorContext, 'client' | 'products' | 'settings'> & {
    readonly admin: Pick<KafkaAdmin, 'highWatermarks' | 'watermarks' | 'groupOffsets'>;
  };
  readonly consumers: Pool;
  /** For how long a consumer that gets no further is waited for. */
  readonly patienceMs: number;
}

const POLL_MS = 200;

/**
 * Waits until all that was committed at the source before the call has taken effect in the consumer, or is parked there.
 *
 * @returns why it has not, where the consumer does not get there
 * @throws OperationError as `passFence`, when the capture does not get there
 */
export async function passConsumerFence(
  { source, consumers, patienceMs }: FenceOptions,
  { consumer, topic }: Pick<ComparedTable, 'consumer' | 'topic'>,
): Promise<'passed' | 'paused' | 'behind'> {
  const { admin, settings } = source;
  await passFence(source);
  const ends = beyondMarkers(await endsOf(admin, [topic]), settings.exactlyOnceSource);
  let least: bigint | undefined;
  let deadlineMs = 0;
  for (;;) {
    const behind = await recordsBehind(admin, consumer, ends);
    if (behind === 0n) return 'passed';
    if (least === undefined || behind < least) {
      least = behind;
      deadlineMs = performance.now() + patienceMs;
    }
    const { rowCount } = await consumers.query('select from runtime.pauses where consumer = $1', [
      consumer,
    ]);
    if (rowCount !== 0) return 'paused';
    if (performance.now() > deadlineMs) return 'behind';
    await delay(POLL_MS);
  }
}
