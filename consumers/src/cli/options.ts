import { InvalidArgumentError, Option } from 'commander';

const ON = new Set(['1', 'true', 'yes', 'on']);
const OFF = new Set(['', '0', 'false', 'no', 'off']);

/**
 * A switch: `--all`, or ALL=1 in the environment. commander would take an environment variable's mere presence for yes,
 * so ALL=0 would mean all.
 */
export function switchOption(flag: string, description: string, variable: string): Option {
  return new Option(`${flag} [1|0]`, description).env(variable).argParser((text: string) => {
    const value = text.toLowerCase();
    if (ON.has(value)) return true;
    if (OFF.has(value)) return false;
    throw new InvalidArgumentError(`${variable} is 1 or 0.`);
  });
}

/** `KEY=` is a variable that was not filled in rather than the empty key. */
export function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** Says of a missing option how make gives it: `CONSUMER=…` for `--consumer <name>`. */
export function sayVariable(text: string, write: (text: string) => void): void {
  write(
    text.replace(/required option '--([a-z-]+)[^']*' not specified/, (_, name: string) => {
      return `${name.toUpperCase().replaceAll('-', '_')}=… is missing (or --${name})`;
    }),
  );
}
