import type { Change } from '@shelfcast/schemas/change';
import { deriveId } from '@shelfcast/schemas/change-id';
import { encodePosition, type Position } from '@shelfcast/schemas/position';
import { isManualTopic } from '@shelfcast/schemas/topics';
import type { CapturedEntity } from './captured-entity.ts';
import { NOWHERE } from './precedence.ts';

/** The lowest position of an epoch: above everything older, below every change of the epoch itself. */
export function sweepPosition(epoch: bigint): Position {
  return encodePosition({ epoch, sequence: [null, null], snapshot: true });
}

const SWEPT = encodePosition({ epoch: 0n, sequence: [null, null], snapshot: true }).slice(16);

/** Whether a position is the lowest of its epoch, whichever that is: the key was swept, and not seen since. */
export function wasSwept(position: string): boolean {
  return position.endsWith(SWEPT);
}

export interface SweptKey {
  /** Instance the change would have been made at. */
  readonly instance: string;
  readonly entity: CapturedEntity;
  readonly key: string;
  readonly epoch: bigint;
}

/**
 * The delete that the stream lost: the key was there in an earlier epoch and a full snapshot of this one did not see it.
 * Its id follows from what it is about, as any change's does, so all consumers know it by the same one. It has no record
 * in Kafka: partition and offset are -1. It happened at an unknown time before the epoch began; that moment stands for it.
 */
export function sweptChange({ instance, entity, key, epoch }: SweptKey): Change {
  const { topic, schema, table } = entity;
  const position = sweepPosition(epoch);
  return {
    id: deriveId([instance, topic, key, 'delete', position]),
    origin: 'cdc',
    instance,
    entity: entity.entity,
    key,
    op: 'delete',
    before: null,
    after: null,
    occurredAtUs: epoch * 1_000_000n,
    position,
    epoch,
    source: { schema, table, lsn: null, txId: null, snapshot: true },
    debeziumAtUs: null,
    brokerAtMs: Number(epoch) * 1000,
    record: { topic, partition: -1, offset: -1n },
  };
}

/** A key whose newest applied change is older than the epoch. */
export interface SweepCandidate {
  readonly key: string;
  readonly position: string;
  /** Changes of it that are parked. */
  readonly waiting: readonly WaitingChange[];
}

export interface WaitingChange {
  /** Null where the record could not be read. */
  readonly changeId: string | null;
  readonly topic: string;
  /** From the record's header; 0 where it has none. */
  readonly epoch: bigint;
}

/**
 * Whether the row is gone. It is not when a change of the epoch waits among the parked ones. A key of which nothing was
 * ever applied counts only if the database is known to have had it: names that records get which cannot be read, or
 * truncates, and keys known from manual events alone, are left as they are.
 */
export function isGone({ key, position, waiting }: SweepCandidate, epoch: bigint): boolean {
  if (waiting.some((change) => change.epoch >= epoch)) return false;
  if (position !== NOWHERE) return true;
  return waiting.some(
    ({ changeId, topic }) =>
      changeId !== null && !isManualTopic(topic) && key !== `truncate ${changeId}`,
  );
}

/** The number in an `epoch` header, given as base64; 0 for anything else. */
export function epochOfHeader(base64: string | null): bigint {
  const text = base64 === null ? '' : Buffer.from(base64, 'base64').toString();
  return /^\d{1,18}$/.test(text) ? BigInt(text) : 0n;
}
