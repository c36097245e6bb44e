import type { CommandResult } from '@shelfcast/consumers/operations/command-arguments';
import {
  answerTo,
  CommandRefused,
  type CommandRequest,
  requestCommand,
  withdraw,
} from '@shelfcast/consumers/operations/commands';
import { Problem } from '@shelfcast/service-kit/http/problem';
import type { Pool } from 'pg';

/** A consumer looks for commands twice a second, between batches. */
const ANSWER_TIMEOUT_MS = 8_000;
const LAST_ANSWER_MS = 10_000;

export interface ConsumerCommands {
  /** The consumers' database. */
  readonly pool: Pool;
  /** Processes that are members of a consumer's group; undefined when Kafka cannot say. */
  readonly countMembers: (consumer: string) => Promise<number | undefined>;
}

/**
 * Has a consumer do something, in whichever process hosts it.
 * @throws {Problem} 409 with the consumer's reason, 503 when no process hosts it; nothing was done then
 */
export async function sendCommand(
  { pool, countMembers }: ConsumerCommands,
  request: CommandRequest,
): Promise<CommandResult> {
  const id = await requestCommand(pool, request);
  try {
    const answer = await answerTo(pool, id, ANSWER_TIMEOUT_MS);
    if (answer !== undefined) return answer;
    if (await withdraw(pool, id)) {
      const detail = nobodyTookIt(request.consumer, await countMembers(request.consumer));
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

/** Says what to do about it. */
function nobodyTookIt(consumer: string, members: number | undefined): string {
  if (members === undefined || members === 0) {
    return (
      `No process hosts the consumer ${consumer}: nothing was done. ` +
      'Start it (make start; make logs SERVICE=consumers says why it ended), then ask again.'
    );
  }
  return (
    `The consumer ${consumer} runs, but took no command within ${ANSWER_TIMEOUT_MS / 1_000} s: nothing was done. ` +
    'Look at make logs SERVICE=consumers (is its database slow?), then ask again.'
  );
}
