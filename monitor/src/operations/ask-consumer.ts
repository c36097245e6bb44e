import type { CommandResult } from '@shelfcast/consumers/runtime/command-arguments';
import {
  answerTo,
  CommandRefused,
  type CommandRequest,
  requestCommand,
  withdraw,
} from '@shelfcast/consumers/runtime/command-queue';
import { Problem } from '@shelfcast/service-kit/http/problem';
import type { Pool } from 'pg';

/** A consumer looks for commands twice a second, between batches. */
const ANSWER_TIMEOUT_MS = 8_000;
const LAST_ANSWER_MS = 10_000;

/**
 * Has a consumer do something, in whichever process hosts it.
 * @throws {Problem} 409 with the consumer's reason, 503 when no process hosts it; nothing was done then
 */
export async function askConsumer(pool: Pool, request: CommandRequest): Promise<CommandResult> {
  const id = await requestCommand(pool, request);
  try {
    const answer = await answerTo(pool, id, ANSWER_TIMEOUT_MS);
    if (answer !== undefined) return answer;
    if (await withdraw(pool, id)) {
      const detail = `No process hosts the consumer ${request.consumer}: nothing was done`;
      throw new Problem('unavailable', detail, { retryAfterSeconds: 10 });
    }
    // It was being done while we gave up.
    const late = await answerTo(pool, id, LAST_ANSWER_MS);
    if (late !== undefined) return late;
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    throw new Problem('conflict', error.message, { cause: error });
  }
  throw new Problem('unavailable', 'It is being done; what came of it is not known yet');
}
