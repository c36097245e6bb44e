import { type CommandResult, runCommand } from './run-command.ts';

/** As a person would; resolves when it has ended, with all it said. */
export function makeResync(variables: Record<string, string>): Promise<CommandResult> {
  return runCommand('make resync', variables);
}
