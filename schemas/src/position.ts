import { ChangeError } from './errors.ts';

declare const positionBrand: unique symbol;

/**
 * Where a change stands among the other changes of its key, as text that sorts.
 *
 * Two forms, never compared with one another (between origins ownership decides, never position):
 *
 * - CDC: `<epoch 16 hex>-<sequence[0] 16 hex>-<sequence[1] 16 hex>-<0|1>`; the last digit is 0 for a
 *   snapshot read and 1 for a streamed change, so that on a tie the streamed change is the later one.
 * - manual: `m-<broker append time in ms, 16 hex>-<offset 16 hex>`, the order of the log itself.
 *
 * Parts have a fixed width and lower-case digits, so the order is that of the bytes: plain string
 * comparison here, `collate "C"` in Postgres.
 */
export type Position = string & { readonly [positionBrand]: 'Position' };

/** The parts of a CDC position. */
export interface PositionParts {
  /** Generation of the capture, from the `epoch` header; 0 when the header is missing. */
  readonly epoch: bigint;
  /** Debezium's `source.sequence`: LSN of the last commit before this change, LSN of the change. */
  readonly sequence: readonly [bigint | null, bigint | null];
  /** Whether the row was read by a snapshot (op `r`) instead of streamed. */
  readonly snapshot: boolean;
}

const CDC_POSITION = /^([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{16})-([01])$/;
const MANUAL_POSITION = /^m-([0-9a-f]{16})-([0-9a-f]{16})$/;
const MAX_PART = (1n << 64n) - 1n;

/** Whether text has one of the two forms of a position. */
export function isPosition(text: string): text is Position {
  return CDC_POSITION.test(text) || MANUAL_POSITION.test(text);
}

/**
 * Gives back text from a database or a report as a position.
 * @throws {ChangeError} BAD_POSITION
 */
export function parsePosition(text: string): Position {
  if (isPosition(text)) return text;
  throw new ChangeError('BAD_POSITION', `${JSON.stringify(text)} is not a position`);
}

/**
 * Position of a CDC change. A null part of the sequence counts as the lowest.
 * @throws {ChangeError} BAD_POSITION when a part is negative or wider than 64 bits
 */
export function encodePosition(parts: PositionParts): Position {
  const [lastCommitLsn, lsn] = parts.sequence;
  const digits = [parts.epoch, lastCommitLsn ?? 0n, lsn ?? 0n].map(toHex).join('-');
  return parsePosition(`${digits}-${parts.snapshot ? '0' : '1'}`);
}

/**
 * The parts of a CDC position; a part that was null comes back as 0.
 * @throws {ChangeError} BAD_POSITION for other text, a manual event's position included
 */
export function decodePosition(position: string): {
  readonly epoch: bigint;
  readonly sequence: readonly [bigint, bigint];
  readonly snapshot: boolean;
} {
  const [, epoch, lastCommitLsn, lsn, streamed] = CDC_POSITION.exec(position) ?? [];
  if (epoch === undefined || lastCommitLsn === undefined || lsn === undefined) {
    throw new ChangeError('BAD_POSITION', `${JSON.stringify(position)} is not a CDC position`);
  }
  return {
    epoch: BigInt(`0x${epoch}`),
    sequence: [BigInt(`0x${lastCommitLsn}`), BigInt(`0x${lsn}`)],
    snapshot: streamed === '0',
  };
}

/**
 * Position of a manual event: when the log took it, then its offset.
 *
 * The broker's append time rather than the sender's clock, because two senders with clocks apart would
 * otherwise turn the order of a key round; the time comes before the offset, because a topic that was
 * deleted and created again starts at offset 0.
 * @param appendedAtMs LogAppendTime of the record, Unix milliseconds
 * @throws {ChangeError} BAD_POSITION when a part is negative or no integer
 */
export function encodeManualPosition(appendedAtMs: number, offset: bigint): Position {
  if (!Number.isSafeInteger(appendedAtMs)) {
    throw new ChangeError(
      'BAD_POSITION',
      `append time ${appendedAtMs} is not in whole milliseconds`,
    );
  }
  return parsePosition(`m-${toHex(BigInt(appendedAtMs))}-${toHex(offset)}`);
}

/**
 * Negative when `a` is before `b`, positive when after, 0 when they are the same place.
 * @throws {ChangeError} BAD_POSITION when one is of a CDC change and the other of a manual event
 */
export function comparePositions(a: Position, b: Position): number {
  if (a.length !== b.length) {
    throw new ChangeError('BAD_POSITION', `positions of different origins: ${a} and ${b}`);
  }
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function toHex(part: bigint): string {
  if (part < 0n || part > MAX_PART) {
    throw new ChangeError('BAD_POSITION', `${part} does not fit a position`);
  }
  return part.toString(16).padStart(16, '0');
}
