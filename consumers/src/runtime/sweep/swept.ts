import type { Change } from '@shelfcast/schemas/change';
import { deriveId } from '@shelfcast/schemas/change-id';
import { decodePosition } from '@shelfcast/schemas/position';
import { isManualTopic } from '@shelfcast/schemas/topics';
import type { CapturedEntity } from '../contract/captured-entity.ts';
import { NOWHERE } from '../positions/precedence.ts';
import type { SweepArguments } from './arguments.ts';

/** What a sweep removes: keys that were there before `floor` and that the read behind it did not see. */
export type SweepFloor = Pick<SweepArguments, 'floor' | 'goneAtMs' | 'requestedFrom'>;

export interface SweptKey extends Pick<SweepFloor, 'floor' | 'goneAtMs'> {
  /** Instance the change would have been made at. */
  readonly instance: string;
  readonly entity: CapturedEntity;
  readonly key: string;
}

/**
 * The delete that the stream lost. It stands at the floor: above all that the key has seen, below all that comes after
 * the read was asked for. Its id follows from what it is about, as any change's does, so all consumers know it by the
 * same one. It has no record in Kafka: partition and offset are -1. When it happened is not known.
 */
export function sweptChange({ instance, entity, key, floor, goneAtMs }: SweptKey): Change {
  const { topic, schema, table } = entity;
  return {
    id: deriveId([instance, topic, key, 'delete', floor]),
    origin: 'cdc',
    instance,
    entity: entity.entity,
    key,
    op: 'delete',
    before: null,
    after: null,
    occurredAtUs: BigInt(goneAtMs) * 1_000n,
    position: floor,
    epoch: decodePosition(floor).epoch,
    source: { schema, table, lsn: null, txId: null, snapshot: true },
    debeziumAtUs: null,
    brokerAtMs: goneAtMs,
    record: { topic, partition: -1, offset: -1n },
  };
}

/** A key whose newest applied change is older than the floor. */
export interface SweepCandidate {
  readonly key: string;
  readonly position: string;
  /** Whether that change deleted the key already. */
  readonly deleted: boolean;
  /** Changes of it that are parked. */
  readonly waiting: readonly WaitingChange[];
}

export interface WaitingChange {
  /** Null where the record could not be read. */
  readonly changeId: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** From the record's header; 0 where it has none. */
  readonly epoch: bigint;
}

/**
 * Whether the row is gone. It is not when a change that came after the request waits among the parked ones. A key of
 * which nothing was ever applied counts only if the database is known to have had it: names that records get which
 * cannot be read, or truncates, and keys known from manual events alone, are left as they are.
 */
export function isGone(
  { key, position, waiting }: Omit<SweepCandidate, 'deleted'>,
  sweep: Pick<SweepFloor, 'floor' | 'requestedFrom'>,
): boolean {
  if (waiting.some((change) => isAfterRequest(change, sweep))) return false;
  if (position !== NOWHERE) return true;
  return waiting.some(
    ({ changeId, topic }) =>
      changeId !== null && !isManualTopic(topic) && key !== `truncate ${changeId}`,
  );
}

/** By the epoch; within it by the offset, because the position of a parked change is not known before it is decoded. */
function isAfterRequest(
  { topic, partition, offset, epoch: changeEpoch }: WaitingChange,
  { floor, requestedFrom }: Pick<SweepFloor, 'floor' | 'requestedFrom'>,
): boolean {
  const { epoch } = decodePosition(floor);
  if (changeEpoch !== epoch) return changeEpoch > epoch;
  const ends = requestedFrom.filter((end) => end.topic === topic);
  // Without ends the floor is the epoch's lowest position: all of the epoch lies above it.
  if (ends.length === 0) return true;
  // A partition that was added since the request holds later records only.
  return offset >= (ends.find((end) => end.partition === partition)?.offset ?? 0n);
}

/** The number in an `epoch` header, given as base64; 0 for anything else. */
export function epochOfHeader(base64: string | null): bigint {
  const text = base64 === null ? '' : Buffer.from(base64, 'base64').toString();
  return /^\d{1,18}$/.test(text) ? BigInt(text) : 0n;
}

/** What a sweep would remove of a consumer's keys. */
export interface SweepExtent {
  readonly gone: number;
  /** Captured keys of the entities that the consumer has, those included. */
  readonly keys: number;
}

const BRAKE_SHARE = 0.1;
const BRAKE_KEYS = 100;

/**
 * Why a sweep must not begin: it would remove so much that a table that was read wrongly is likelier than so many lost
 * deletes. undefined where it may begin, because it is little or confirmed.
 */
export function brake({ gone, keys }: SweepExtent, confirmed: number): string | undefined {
  if (gone <= BRAKE_KEYS || gone <= keys * BRAKE_SHARE || gone <= confirmed) return undefined;
  return `${gone} of ${keys} keys would be removed, which is over ${BRAKE_SHARE * 100} % and over ${BRAKE_KEYS}`;
}
