import type { Change } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent, Stage } from '@shelfcast/schemas/generated/monitoring-event';
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
 * What must hold after any fault: source and read model are equal row by row, it is reported of every change that was
 * captured what became of it, and no effect came late or twice.
 * @returns what was found, in words
 */
export async function assertNothingLost(given: AfterFaults): Promise<string> {
  const { pipeline, kafka, codec, effects, prefix } = given;
  const rows = await assertMirrored(pipeline);
  const changes = await readChanges(kafka, codec, CDC_TOPICS);
  const ids = new Set(changes.map(({ id }) => id));
  await eventually(
    async () => {
      const reports = await readReports(kafka, codec);
      const unreported = withoutReport(changes, reports);
      const found = unreported.slice(0, 5).map((change) => inWords(change, reports));
      assert.equal(found, [], `${unreported.length} changes have no report`);
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

/** Where a change's way ends; other tests on the same stack discard some of theirs. */
const ENDS = new Set<Stage>(['processed', 'skipped', 'discarded']);

/** Changes of which the catalogue does not say what became. */
function withoutReport(changes: readonly Change[], reports: readonly MonitoringEvent[]): Change[] {
  const ended = reports.filter(({ service, stage }) => service === 'catalogue' && ENDS.has(stage));
  const ids = new Set(ended.map(({ eventId }) => eventId));
  return changes.filter(({ id }) => !ids.has(id));
}

/** Where a change lies, and what is said of it. */
function inWords(
  { id, key, position, record }: Change,
  reports: readonly MonitoringEvent[],
): string {
  const said = reports
    .filter(({ eventId }) => eventId === id)
    .map(
      ({ service, stage, at }) =>
        `${service} ${stage} ${new Date(Number(at / 1000n)).toISOString()}`,
    );
  const place = `${record.topic}[${record.partition}]@${record.offset}`;
  return `${id} ${key} ${place} ${position}: ${said.join(', ') || 'nothing'}`;
}
