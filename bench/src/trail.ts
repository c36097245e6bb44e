import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { changeFromEnvelope } from '@shelfcast/schemas/debezium';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import type { Load } from './load.ts';
import { KEY_PREFIX } from './rows.ts';
import { createTopicReader, type ReadRate } from './topic-reader.ts';

/** Where a captured change was, and when. */
export interface CapturedTimes {
  readonly commitUs: bigint;
  readonly debeziumUs: bigint;
  /** LogAppendTime: whole milliseconds, cut off. */
  readonly brokerMs: number;
}

/** When a change's effects were durable in every consumer, by the clock of the last one, read after its COMMIT had returned. */
export interface EffectTimes {
  readonly commitUs: bigint;
  readonly durableUs: bigint;
  /** From the arrival of the record's batch at a consumer to its durable effect; the longest. */
  readonly handlingUs: bigint;
  /** LogAppendTime of the last report. */
  readonly reportedMs: number;
}

/**
 * What the pipeline itself wrote down about the changes of a load, read afterwards so that reading
 * does not slow down what is measured. All commit times are those of the source's WAL.
 */
export interface Trail {
  /** Forgets what is there so far. */
  skip(): Promise<void>;
  /** @throws Error when a change of the load is missing */
  captured(load: Load): Promise<CapturedTimes[]>;
  /** @throws Error when an effect is missing */
  effects(load: Load): Promise<EffectTimes[]>;
  /** How fast this machine reads the captured records without decoding them, from the oldest on. */
  rawReadRate(): Promise<ReadRate>;
}

const INSTANCE = 'bench';

export function createTrail(
  kafka: Kafka,
  codec: Codec,
  {
    productsTopic,
    consumers,
  }: { readonly productsTopic: string; readonly consumers: readonly string[] },
): Trail {
  const changes = createTopicReader(kafka, productsTopic);
  const reports = createTopicReader(kafka, MONITORING_TOPIC);
  const raw = createTopicReader(kafka, productsTopic, `${Date.now()}`);

  return {
    async skip() {
      await changes.readNew(() => {});
      await reports.readNew(() => {});
    },

    async captured(load) {
      const found = new Map<string, CapturedTimes>();
      await changes.readNew(async (records) => {
        for (const record of records) {
          if (record.key === null || record.value === null) continue;
          const { value: key } = await codec.decode(record.key);
          const { value } = await codec.decode(record.value);
          const change = changeFromEnvelope({ ...record, instance: INSTANCE, key, value });
          if (change === null || !isOf(load, change.key, change.occurredAtUs)) continue;
          if (found.has(change.id)) continue;
          found.set(change.id, {
            commitUs: change.occurredAtUs,
            debeziumUs: change.debeziumAtUs ?? 0n,
            brokerMs: change.brokerAtMs,
          });
        }
      });
      return complete(found, load, 'captured changes');
    },

    async effects(load) {
      const found = new Map<string, EffectTimes>();
      const seen = new Set<string>();
      await reports.readNew(async (records) => {
        for (const record of records) {
          if (record.value === null) continue;
          const { value: report } = await codec.decode(record.value, MONITORING_EVENT);
          if (!consumers.includes(report.service) || report.stage !== 'processed') continue;
          if (!isOf(load, report.key, report.occurredAt) || seen.has(report.id)) continue;
          seen.add(report.id);
          const known = found.get(report.eventId);
          found.set(report.eventId, {
            commitUs: report.occurredAt,
            durableUs: later(report.at, known?.durableUs),
            handlingUs: later(report.durationUs ?? 0n, known?.handlingUs),
            reportedMs: Math.max(record.timestampMs, known?.reportedMs ?? 0),
          });
        }
      });
      if (seen.size !== load.changes * consumers.length) {
        throw new Error(
          `${load.changes} changes were committed, but there are ${seen.size} reports of ${consumers.length} consumers`,
        );
      }
      return complete(found, load, 'changes with effects');
    },

    rawReadRate: () => raw.readNew(() => {}),
  };
}

function isOf(load: Load, key: string | null, commitUs: bigint): boolean {
  return (key?.startsWith(KEY_PREFIX) ?? false) && commitUs >= load.fromUs && commitUs <= load.toUs;
}

function later(a: bigint, b: bigint | undefined): bigint {
  return b === undefined || a > b ? a : b;
}

function complete<T>(found: ReadonlyMap<string, T>, load: Load, what: string): T[] {
  if (found.size === load.changes) return [...found.values()];
  throw new Error(`${load.changes} changes were committed, but there are ${found.size} ${what}`);
}
