import { z } from 'zod';
import { sweepArguments } from './arguments.ts';
import { createSweep, type Sweep, type SweepOptions } from './sweep.ts';

/**
 * Does the sweeps that are asked of a consumer by rows in `runtime.commands`, the oldest first, step by step: other
 * commands are not kept waiting by one. All processes that host the consumer take part.
 */
export function createSweeper<Effect>(options: SweepOptions<Effect>): Sweep {
  const { definition, pool } = options;
  let current: { readonly id: bigint; readonly given: string; readonly sweep: Sweep } | undefined;

  return {
    async step() {
      const { rows } = await pool.query<{ id: bigint; arguments: string }>(
        `select id, arguments from runtime.commands
         where consumer = $1 and kind = 'sweep' and state = 'pending' order by id limit 1`,
        [definition.name],
      );
      const [command] = rows;
      if (command === undefined) {
        current = undefined;
        return false;
      }
      // A request that is repeated while it waits changes the command, so that more may be confirmed.
      if (current?.id !== command.id || current.given !== command.arguments) {
        const given = sweepArguments.safeParse(JSON.parse(command.arguments));
        if (!given.success) {
          await pool.query(
            `update runtime.commands set state = 'failed', result = $2, done_at = now() where id = $1`,
            [String(command.id), JSON.stringify({ error: z.prettifyError(given.error) })],
          );
          return true;
        }
        const sweep = createSweep(options, command.id, given.data);
        current = { id: command.id, given: command.arguments, sweep };
      }
      return await current.sweep.step();
    },
  };
}
