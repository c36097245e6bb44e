import { CodecError } from '@shelfcast/schemas/errors';
import { invalid, Problem } from '@shelfcast/service-kit/http/problem';
import { toProblem as toSharedProblem, unavailable } from '@shelfcast/service-kit/http/to-problem';
import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import { SchemaError } from '../contract/parse-shape.ts';
import { JsonError } from '../json/parse-json.ts';

/** What a caller is told of any failure: the one place where the API's own errors become HTTP. */
export function toProblem(error: unknown): Problem {
  if (error instanceof JsonError) {
    return new Problem('malformed', `The body is not JSON: ${error.message}`, { cause: error });
  }
  if (error instanceof SchemaError) {
    return invalid([{ pointer: error.pointer, code: 'bad_schema', detail: error.message }]);
  }
  if (error instanceof KafkaError) return ofKafka(error);
  if (error instanceof CodecError) return ofCodec(error);
  return toSharedProblem(error);
}

function ofKafka(error: KafkaError): Problem {
  switch (error.code) {
    case 'RECORD_TOO_LARGE':
      return new Problem('too-large', 'The event is larger than its topic takes', { cause: error });
    case 'UNKNOWN_TOPIC':
      return new Problem('unknown-topic', `There is no topic ${error.topic ?? 'of this name'}`, {
        cause: error,
      });
    case 'INDEFINITE':
      return unavailable(
        'Kafka gave no answer in time: the event may have been written. Try again with the same Idempotency-Key',
        error,
      );
    case 'UNAVAILABLE':
    case 'CLOSED':
      return unavailable('Kafka cannot be reached; nothing was written', error);
    default:
      return unavailable('Kafka refused the event', error);
  }
}

function ofCodec(error: CodecError): Problem {
  if (error.code === 'INVALID_VALUE') {
    const pointer = (error.path ?? []).map((step) => `/${step}`).join('');
    return invalid([{ pointer, code: 'wrong_type', detail: 'is not what the schema says' }]);
  }
  return unavailable('The schema registry gives no answer', error);
}
