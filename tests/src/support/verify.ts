import type { Codec } from '@shelfcast/schemas/codec';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import * as assert from 'uvu/assert';
import { type EffectLog, outOfOrder } from './effect-log.ts';
import { assertMirrored, type Pipeline } from './pipeline.ts';
import { CDC_TOPICS } from './pipeline-kafka.ts';
import { readChanges, readReports } from './topic-reader.ts';

export interface AfterFaults {
  readonly pipeline: Pipeline;
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly effects: EffectLog;
  /** Of the keys whose effects are checked. */
  readonly prefix: string;
}

/**
 * What must hold after any fault: source and read model are equal row by row, every change that was captured is
 * reported as processed or skipped, and no effect came late or twice.
 * @returns what was found, in words
 */
export async function assertNothingLost(given: AfterFaults): Promise<string> {
  const { pipeline, kafka, codec, effects, prefix } = given;
  const rows = await assertMirrored(pipeline);
  const changes = await readChanges(kafka, codec, CDC_TOPICS);
  const ids = new Set(changes.map(({ id }) => id));
  await eventually(
    async () => {
      const unreported = new Set(ids);
      for (const { eventId, service, stage } of await readReports(kafka, codec)) {
        const handled = stage === 'processed' || stage === 'skipped';
        if (service === 'catalogue' && handled) unreported.delete(eventId);
      }
      assert.equal([...unreported].slice(0, 5), [], `${unreported.size} changes have no report`);
    },
    { timeoutMs: 180_000, intervalMs: 500, what: 'a report of every change' },
  );
  const logged = await effects.read(prefix);
  assert.equal(outOfOrder(logged, changes).slice(0, 5), [], 'effects out of order');
  return (
    `${rows} rows are equal; ${ids.size} changes are reported, ${changes.length - ids.size} of them came twice; ` +
    `${logged.length} effects in order`
  );
}
