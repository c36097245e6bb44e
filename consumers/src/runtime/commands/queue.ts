import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import {
  type CommandKind,
  type CommandResult,
  commandRefusal,
  commandResult,
} from './arguments.ts';

export interface CommandRequest {
  readonly consumer: string;
  readonly kind: CommandKind;
  /** As `commandArguments[kind]` has checked them. */
  readonly args: object;
  /** Who asks, for those who look at it later. */
  readonly by: string;
}

/** A consumer refused a command, and did nothing; the message has its reason. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
  readonly code = 'COMMAND_REFUSED';
  readonly retriable = false;
}

const POLL_MS = 100;

/** Writes a command down for whichever process hosts the consumer. @returns its id */
export async function requestCommand(
  pool: Pick<Pool, 'query'>,
  { consumer, kind, args, by }: CommandRequest,
): Promise<string> {
  const { rows } = await pool.query<{ id: bigint }>(
    'insert into runtime.commands (consumer, kind, arguments, requested_by) values ($1, $2, $3, $4) returning id',
    [consumer, kind, JSON.stringify(args), by],
  );
  return String(rows[0]?.id);
}

/**
 * What became of a command; undefined when no process has done it within the time.
 * @throws {CommandRefused}
 */
export async function answerTo(
  pool: Pick<Pool, 'query'>,
  id: string,
  timeoutMs: number,
): Promise<CommandResult | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const { rows } = await pool.query<{ state: string; result: string }>(
      'select state, result from runtime.commands where id = $1',
      [id],
    );
    const [row] = rows;
    if (row?.state === 'failed') {
      throw new CommandRefused(commandRefusal.parse(JSON.parse(row.result)).error);
    }
    if (row?.state === 'done') return commandResult.parse(JSON.parse(row.result));
    if (performance.now() > deadlineMs) return undefined;
    await delay(POLL_MS);
  }
}

/** @returns whether it was still waiting; else it was done, or is being done */
export async function withdraw(pool: Pick<Pool, 'query'>, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `delete from runtime.commands where id = $1 and state = 'pending'`,
    [id],
  );
  return rowCount === 1;
}
