import { CodecError } from '@shelfcast/schemas/errors';
import { isRetriableDatabaseError } from '@shelfcast/service-kit/postgres/errors';

export type RuntimeErrorCode =
  /** Something that all changes need is away. */
  | 'OUTAGE'
  /** Most keys fail. */
  | 'TOO_MANY_FAILURES'
  /** Processes ended while they handled the change. */
  | 'PROCESS_DIED'
  /** Records were deleted before they were read. */
  | 'RECORDS_GONE';

/** A failure that the runtime itself finds; what a consumer's code throws stays as it is. */
abstract class RuntimeError extends Error {
  abstract readonly code: RuntimeErrorCode;
  /** Whether the same changes may take effect later without anyone changing anything. */
  abstract readonly retriable: boolean;
}

/** Something that all changes need is away for the moment: they wait for it, none of them is to blame. */
export class Outage extends RuntimeError {
  override readonly name: string = 'Outage';
  readonly code: RuntimeErrorCode = 'OUTAGE';
  readonly retriable = true;
}

/** Most keys fail: the consumer pauses instead of parking them all. `cause` is the failure of one of them. */
export class TooManyFailures extends Outage {
  override readonly name = 'TooManyFailures';
  override readonly code = 'TOO_MANY_FAILURES';
}

/** A change ended its process, more than once, before it took effect. */
export class ProcessDied extends RuntimeError {
  override readonly name = 'ProcessDied';
  readonly code = 'PROCESS_DIED';
  readonly retriable = false;
}

/** Records were deleted, by retention or with their topic, before the consumer had read them. */
export class RecordsGone extends RuntimeError {
  // Stored reports have this name.
  override readonly name = 'OffsetReset';
  readonly code = 'RECORDS_GONE';
  readonly retriable = false;
}

/** Whether an error passes by itself: nothing is parked for it. */
export function isOutage(error: unknown): boolean {
  if (error instanceof CodecError) return error.retriable; // the registry is away
  return error instanceof Outage || isRetriableDatabaseError(error);
}
