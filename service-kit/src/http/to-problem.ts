import { CodecError } from '@shelfcast/schemas/errors';
import { KafkaError } from '../kafka/errors.ts';
import { isRetriableDatabaseError } from '../postgres/errors.ts';
import { Problem } from './problem.ts';

/** How soon to try again what Kafka, the registry or Postgres could not do now. */
const RETRY_AFTER_SECONDS = 2;

/** What a caller is told of any failure that services have in common: the one place where errors become HTTP. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof KafkaError) return unavailable('Kafka gives no answer', error);
  if (error instanceof CodecError) return unavailable('The schema registry gives no answer', error);
  if (isRetriableDatabaseError(error)) return unavailable('The database gives no answer', error);
  return ofHttp(error) ?? new Problem('internal', 'The failure was logged', { cause: error });
}

/** 503: the same request may succeed in a moment. */
export function unavailable(detail: string, cause: unknown): Problem {
  return new Problem('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** Errors of Express and its body parser carry a status and a type. */
function ofHttp(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  switch (error.status) {
    case 400:
      return new Problem('malformed', `The request cannot be read: ${error.message}`, {
        cause: error,
      });
    case 408:
      return new Problem('timeout', 'The body took too long to arrive', { cause: error });
    case 413:
      return new Problem('too-large', 'The body is larger than is taken here', { cause: error });
    case 415:
      return new Problem('unsupported-media-type', 'The body’s encoding is not supported', {
        cause: error,
      });
    default:
      return undefined;
  }
}
